#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run clang-tidy over C++ files, two runs at a time, and remember which files were clean.

usage: tidy.py [--deep] [--jobs N] BUILD FILE...

BUILD holds compile_commands.json. Nearly all of clang-tidy's time goes into the headers of the standard library, so
several files of one folder are looked at as one translation unit; files whose private names collide are taken apart
again. A file is not looked at again while itself, every header of this tree that it includes, its compiler flags,
.clang-tidy and clang-tidy's version are what they were when it was found clean; the marks are kept in the user's cache
(BEDPLATE_CACHE=DIR moves it, BEDPLATE_CACHE=off does without). Prints the findings and exits 1 where there are any.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
TIDY = "clang-tidy-19"
# More files in one run save little and cost memory.
GROUP = 8
PLACE = re.compile(r"^(/[^:\n]+):\d+:\d+: (?:error|warning):", re.MULTILINE)
MEMBER = re.compile(r'^#include "(/[^"]+)"', re.MULTILINE)
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


def compile_flags(build):
    """Of each file of the build: the compiler's flags without names of files, which say nothing about the result."""
    result = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        start = next(i for i, word in enumerate(words) if word.startswith("-"))
        flags = []
        skip = False
        for word in words[start:]:
            if skip or word in ("-c", entry["file"]):
                skip = False
            elif word in ("-o", "-MF", "-MT"):
                skip = True
            elif word not in ("-MD",):
                # How much is optimised says nothing about the result either.
                flags.append("-O1" if word.startswith("-O") else word)
        path = pathlib.Path(entry["file"])
        # Where the build compiles several files as one, they are what that one includes.
        members = MEMBER.findall(path.read_text()) if path.parent.name == "Unity" else [entry["file"]]
        for member in members:
            result[pathlib.Path(member)] = flags
    return result


class Group:
    """Files that are looked at together."""

    def __init__(self, paths, flags, options):
        self.paths = paths
        self.flags = flags
        self.options = options

    def size(self):
        return sum(path.stat().st_size for path in self.paths)

    def halves(self):
        middle = len(self.paths) // 2
        for paths in (self.paths[:middle], self.paths[middle:]):
            yield Group(paths, self.flags, self.options)

    def run(self):
        """(files that are clean, text of the findings)"""
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / "unit.cpp"
            unit.write_text("".join(f'#include "{path}"\n' for path in self.paths))
            command = [TIDY, "--quiet", f"--config-file={TOP / '.clang-tidy'}", f"--header-filter=^{TOP}/"]
            # GCC has given its warnings; here, where files stand together, -Wshadow would see what is not there.
            flags = [flag for flag in self.flags if not flag.startswith("-W")]
            command += [*self.options, str(unit), "--", *flags]
            result = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return self.paths, ""
        if "[clang-diagnostic-error" in result.stdout and len(self.paths) > 1:
            return self.merge(half.run() for half in self.halves())
        # stderr only counts suppressed warnings, unless clang-tidy itself failed.
        findings = result.stdout.strip() or result.stderr.strip()
        named = {pathlib.Path(name) for name in PLACE.findall(findings)}
        clean = [path for path in self.paths if path not in named] if named and named <= set(self.paths) else []
        return clean, findings

    @staticmethod
    def merge(results):
        clean, findings = [], []
        for paths, text in results:
            clean += paths
            findings.append(text)
        return clean, "\n".join(text for text in findings if text)


def groups_of(paths, flags, options):
    together = {}
    for path in sorted(paths):
        together.setdefault((path.parent, tuple(flags[path])), []).append(path)
    for (_, common), members in together.items():
        count = -(-len(members) // GROUP)
        for i in range(count):
            yield Group(members[i::count], common, options)


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
    flags = compile_flags(arguments.build)
    includes = Includes()
    cache = cache_folder()

    marks = {}
    for name in arguments.files:
        path = TOP / name
        # What another configuration builds (the fuzzers) is read as the rest of the tree is.
        flags.setdefault(path, ["-std=c++23", f"-I{TOP}/installer", f"-I{TOP}", '-DBEDPLATE_VERSION="0"'])
        # Another clone of the same tree has the same findings.
        plain = repr(flags[path]).replace(str(TOP), "").encode()
        key = hashlib.sha256(common + plain + includes.digest(path)).hexdigest()
        if not (cache and (cache / key).exists()):
            marks[path] = cache / key if cache else None

    # The largest first, so that the last worker does not finish long after the others.
    groups = sorted(groups_of(marks, flags, options), key=Group.size, reverse=True)
    unclean = set(marks)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for job in concurrent.futures.as_completed([pool.submit(group.run) for group in groups]):
            clean, findings = job.result()
            unclean -= set(clean)
            for path in clean:
                if marks[path]:
                    marks[path].touch()
            if findings:
                print(findings, flush=True)
    print(f"{len(arguments.files)} files, {len(marks)} looked at, {len(unclean)} not clean")
    return 1 if unclean else 0


if __name__ == "__main__":
    sys.exit(main())
