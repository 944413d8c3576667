# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of `bedplate lab up`, for the programs beside this file: its nodes, and commands on them."""
import json
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
BEDPLATE = os.environ.get("BEDPLATE_COMMAND", str(HERE.parents[1] / "out/bin/bedplate"))
LAB_FOLDER = pathlib.Path("/var/tmp/bedplate-lab")
# Where the machine has none, that of the build root.
VIRSH = ["virsh"] if shutil.which("virsh") else [str(HERE.parents[1] / "image/buildroot/enter"), "virsh"]


def run(*command):
    """What the command prints; ends the program with its words where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Lab:
    def __init__(self, name, folder=""):
        self.name, self.folder = name, folder
        place = pathlib.Path(folder) if folder else LAB_FOLDER / name
        self.description = json.loads((place / "lab.json").read_text())
        self.nodes = self.description["nodes"]
        self.hostnames = [node["hostname"] for node in self.nodes]

    def verb(self, *words):
        """Arguments of `bedplate lab`, for this lab."""
        where = ["--folder", self.folder] if self.folder else []
        return [BEDPLATE, "lab", words[0], "--name", self.name, *where, *words[1:]]

    def run(self, hostname, *command):
        return run(*self.verb("ssh", hostname, "--", *command))

    def domain(self, node):
        return f"{self.description['bridge']}-{node['hostname']}"

    def virsh(self, *words):
        return run(*VIRSH, "--connect", "qemu:///system", *words)
