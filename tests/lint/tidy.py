#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run clang-tidy over C++ files, two at a time, and remember which were clean.

usage: tidy.py [--deep] [--jobs N] BUILD FILE...

BUILD holds compile_commands.json. A file is not looked at again while itself, every header of this tree that it
includes, its compiler flags, .clang-tidy and clang-tidy's version are what they were when it was found clean; the
marks are kept in the user's cache (BEDPLATE_CACHE=DIR moves it, BEDPLATE_CACHE=off does without). Prints the findings
and exits 1 where there are any.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
TIDY = "clang-tidy-19"
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def cache_folder():
    given = os.environ.get("BEDPLATE_CACHE", "")
    if given == "off":
        return None
    base = given or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bedplate")
    folder = pathlib.Path(base) / "clang-tidy"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


class Includes:
    """Digest of a file and of everything of this tree that it includes."""

    def __init__(self):
        self.direct = {}

    def read(self, path):
        if path not in self.direct:
            data = path.read_bytes()
            headers = []
            for name in INCLUDE.findall(data):
                for base in (TOP / "installer", TOP, path.parent):
                    header = base / name.decode()
                    if header.is_file():
                        headers.append(header)
                        break
            self.direct[path] = (hashlib.sha256(data).digest(), headers)
        return self.direct[path]

    def digest(self, path):
        seen = {}
        todo = [path]
        while todo:
            current = todo.pop()
            if current in seen:
                continue
            seen[current], headers = self.read(current)
            todo.extend(headers)
        return b"".join(seen[key] for key in sorted(seen))


def compile_commands(build):
    entries = json.loads((build / "compile_commands.json").read_text())
    # The build folder's name stands in the output file's name only and says nothing about the result.
    return {pathlib.Path(entry["file"]): re.sub(r" -o \S+", "", entry["command"]) for entry in entries}


def check(build, options, path):
    command = [TIDY, "-p", str(build), "--quiet", *options, str(path)]
    result = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    # stderr only counts suppressed warnings, unless clang-tidy itself failed.
    return result.returncode, result.stdout if result.stdout.strip() else result.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()

    options = [] if arguments.deep else ["--checks=-clang-analyzer-*"]
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    common = version + (TOP / ".clang-tidy").read_bytes() + repr(options).encode()
    commands = compile_commands(arguments.build)
    includes = Includes()
    cache = cache_folder()

    todo = []
    for name in arguments.files:
        path = TOP / name
        if path not in commands:
            print(f"{name}: not part of the build in {arguments.build}: build first, or remove the file")
            return 1
        key = hashlib.sha256(common + commands[path].encode() + includes.digest(path)).hexdigest()
        mark = cache / key if cache else None
        if not (mark and mark.exists()):
            todo.append((path, mark))

    # The largest first, so that the last worker does not finish long after the others.
    todo.sort(key=lambda item: item[0].stat().st_size, reverse=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        jobs = [(mark, pool.submit(check, arguments.build, options, path)) for path, mark in todo]
        for mark, job in jobs:
            status, output = job.result()
            if status == 0:
                if mark:
                    mark.touch()
            else:
                failed += 1
                print(output.rstrip(), flush=True)
    print(f"{len(arguments.files)} files, {len(todo)} looked at, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
