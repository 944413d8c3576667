#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove a cluster on the virtual rack: a lab of nodes of which the first creates it and the others join by ticket, what
they say of themselves, a disk that is made on one and read on all, a machine that moves there and back, and one whose node
is killed. This is `make check-lab`.

usage: check.py [--name check] [--nodes 3] [--rounds 1] [--keep]

Each thing that was looked at is a line `proved`, or FAILED with what was seen; the figures of the drills are in build/lab.
Exit status 1 if anything failed. The lab goes at the end, unless --keep. Needs what `bedplate lab` needs; daemons that are
missing are started (tests/lab/services). BEDPLATE_TIME_SCALE is 3 if not given.
"""
import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree

from labs import BEDPLATE, HERE, Lab

REPORTS = HERE.parents[1] / "build/lab"
OSDS = 1  # of each node
# What a cluster that is whole may say of itself in an emulated lab (docs/cluster.md).
ACCEPTED = {"OSD_SLOW_PING_TIME_FRONT", "OSD_SLOW_PING_TIME_BACK"}
ETCDCTL = ("etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/bedplate/pki/ca.crt --cert /etc/bedplate/pki/node.crt"
           " --key /etc/bedplate/pki/node.key --command-timeout=60s")


class Proof:
    """Lines that say what was proved, and whether anything failed."""

    def __init__(self):
        self.failed = 0

    def expect(self, what, seen, wanted):
        if seen == wanted:
            print(f"  proved  {what}: {seen}", flush=True)
        else:
            self.failed += 1
            print(f"  FAILED  {what}: {seen}, not {wanted}", flush=True)

    @contextlib.contextmanager
    def timed(self, what):
        begun = time.monotonic()
        try:
            yield
        finally:
            print(f"  timed   {what} {time.monotonic() - begun:.0f} s", flush=True)


def ask_ceph(lab, prefix, **arguments):
    """The monitors' answer; without the `ceph` tool, which takes seconds of a processor to start."""
    request = json.dumps({"command": {"prefix": prefix, "format": "json", **arguments}})
    return json.loads(lab.run(lab.hostnames[0], f"echo '{request}' | /usr/lib/bedplate/bedplate-ceph"))


def check_members(proof, lab):
    first, nodes = lab.hostnames[0], len(lab.nodes)
    votes = lab.run(first, "corosync-quorumtool -s | sed -n 's/^Total votes: *//p'").strip()
    proof.expect("corosync's votes", votes, str(nodes))
    crm = xml.etree.ElementTree.fromstring(lab.run(first, "crm_mon --one-shot --output-as=xml"))
    taking = [node.get("name") for node in crm.find("nodes")
              if node.get("online") == "true" and node.get("standby") == "false"]
    proof.expect("nodes that are online and take resources", sorted(taking), sorted(lab.hostnames))
    proof.expect("monitors in the quorum", sorted(ask_ceph(lab, "quorum_status")["quorum_names"]), sorted(lab.hostnames))
    managers = ask_ceph(lab, "mgr dump")
    proof.expect("an active manager, and others that wait", (managers["available"], len(managers["standbys"])),
                 (True, nodes - 1))
    osds = ask_ceph(lab, "status")["osdmap"]
    seen = tuple(osds[key] for key in ("num_osds", "num_up_osds", "num_in_osds"))
    proof.expect("OSDs, up, in", seen, (nodes * OSDS,) * 3)
    # A manager's module that failed is one of these.
    health = ask_ceph(lab, "health", detail="detail")
    others = {code: check for code, check in health["checks"].items() if code not in ACCEPTED}
    proof.expect(f"Ceph's health ({health['status']}): reasons that are not accepted", others, {})
    members = json.loads(lab.run(first, f"{ETCDCTL} endpoint health --cluster --write-out=json"))
    proof.expect("healthy members of etcd", sum(member["health"] for member in members), nodes)


def check_disk(proof, lab):
    """A disk of a machine, made through libvirt on one node, is there and the same on all."""
    digest = "rbd export vms/proof - 2>/dev/null | sha256sum"
    made = lab.run(lab.hostnames[0], "virsh vol-create-as vms proof 8M >/dev/null && rbd bench --io-type write --io-size 4K "
                   f"--io-total 64K vms/proof >/dev/null && {digest}").strip()
    look = f"virsh pool-refresh vms >/dev/null && virsh vol-list vms | grep -cw proof; {digest}"
    seen = {name: lab.run(name, look).split("\n") for name in lab.hostnames}
    proof.expect("nodes that read the disk made on the first",
                 [name for name, lines in seen.items() if lines[:2] == ["1", made]], lab.hostnames)
    lab.run(lab.hostnames[0], "virsh vol-delete --pool vms proof >/dev/null")


def check_drill(proof, lab, drill, rounds, *options):
    """The drill judges itself (docs/drills.md): late, lost, active twice, never fenced, not as before."""
    report = REPORTS / f"{drill}.json"
    report.unlink(missing_ok=True)
    with proof.timed(f"drill {drill}"):
        status = subprocess.run(lab.verb("drill", drill, "--rounds", str(rounds), "--json", str(report), *options),
                                check=False).returncode
    measured = json.loads(report.read_text())["rounds"] if report.exists() else []
    for one in measured:
        figures = {key: one["measured"][key] for key in ("detect_ms", "fence_ms", "serve_ms", "rto_ms", "acknowledged",
                                                         "rpo_lost", "double_active")}
        print(f"  timed   {drill}, round {one['round']}: {json.dumps(figures)}", flush=True)
    failures = [reason for one in measured for reason in one["failures"]]
    proof.expect(f"{drill}: exit status, rounds, failures", (status, len(measured), failures), (0, rounds, []))


def services(word):
    subprocess.run([str(HERE / "services"), word], check=True)


def prove(proof, options):
    up = [BEDPLATE, "lab", "up", "--name", options.name, "--nodes", str(options.nodes), "--osds", str(OSDS)]
    with proof.timed("from power-on until all are ready"):
        if subprocess.run(up, check=False).returncode != 0:
            raise SystemExit("the lab did not come up")
    lab = Lab(options.name)
    with proof.timed("what the nodes say of themselves, and a disk on all"):
        check_members(proof, lab)
        check_disk(proof, lab)
    check_drill(proof, lab, "migrate", 1, "--keep")
    check_drill(proof, lab, "node-crash", options.rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="check")
    parser.add_argument("--nodes", type=int, default=int(os.environ.get("BEDPLATE_NODES", "3")))
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BEDPLATE_ROUNDS", "1")),
                        help="of killing a node")
    parser.add_argument("--keep", action="store_true", help="leave the lab")
    options = parser.parse_args()
    os.environ.setdefault("BEDPLATE_TIME_SCALE", "3")
    REPORTS.mkdir(parents=True, exist_ok=True)
    services("start")
    proof = Proof()
    try:
        with proof.timed("all of it"):
            prove(proof, options)
    finally:
        if not options.keep:
            subprocess.run([BEDPLATE, "lab", "down", "--name", options.name], check=False)
    return 1 if proof.failed else 0


if __name__ == "__main__":
    sys.exit(main())
