#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Check the form of every file that git knows. Runs inside the build root; `make lint` does that.
#
# usage: tests/lint/lint.sh [--fast | --deep | --format]
#
# --fast leaves out clang-tidy, --deep adds its path analysis, --format formats the C++ files in place. BUILD= names the
# build folder with compile_commands.json (build/cmake). One line a check, the findings of those that failed, and a
# last line "N passed, N failed"; exit status 1 if any failed.
set -u

cd "$(dirname -- "$0")/../.." || exit 2
# The build root's own tools, whatever the caller has in front of them.
PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
build=${BUILD:-build/cmake}
mode=${1:-}
case "$mode" in
"" | --fast | --deep | --format) ;;
*)
    echo "usage: tests/lint/lint.sh [--fast | --deep | --format]" >&2
    exit 2
    ;;
esac

# Without git there would be no files, and nothing to find fault with.
if [ -z "$(git ls-files -- tests/lint/lint.sh)" ]; then
    echo "git does not know this tree (inside the build root a worktree's repository is out of reach: use a clone)" >&2
    exit 2
fi
report=$(mktemp) || exit 2
trap 'rm -f "$report"' EXIT
passed=0
failed=0

check() { # NAME COMMAND...
    name=$1
    shift
    begun=$(date +%s)
    if "$@" >"$report" 2>&1; then
        passed=$((passed + 1))
        printf '  ok      %-14s %4d s\n' "$name" $(($(date +%s) - begun))
    else
        failed=$((failed + 1))
        printf '  FAILED  %-14s %4d s\n' "$name" $(($(date +%s) - begun))
        head -n 200 "$report"
    fi
}

# Files in git that are there: one that was removed but not committed yet is not.
files() { # PATHSPEC...
    git ls-files -- "$@" | while IFS= read -r file; do
        [ -f "$file" ] && [ ! -L "$file" ] && printf '%s\n' "$file"
    done
}

cpp_files() { files '*.cpp' '*.hpp'; }

# By their first line, since most of our scripts have no suffix.
shell_scripts() {
    files . | while IFS= read -r file; do
        IFS= read -r line <"$file" 2>/dev/null
        case "$line" in
        '#!'*/sh | '#!'*/bash | '#!'*/dash | '#!'*/sh\ * | '#!'*/bash\ * | '#!'*env\ bash) printf '%s\n' "$file" ;;
        esac
    done
}

clang_format() { cpp_files | xargs -r clang-format-19 "$@"; }

clang_tidy() { files '*.cpp' | xargs -r python3 tests/lint/tidy.py "$@" "$build"; }

shell_check() { shell_scripts | xargs -r shellcheck --external-sources; }

# Recorded outputs of machines and of screens, which break words off, are what they are; .codespellrc says the rest.
spelling() { files . ':!tests/machines' ':!tests/screens/golden' ':!LICENSE' ':!tests/lint/typing-errors.txt' | xargs -r codespell; }

schemas() { python3 profiles/schema/check.py; }

# Whose mirror a machine uses is that machine's business (docs/decisions/0005): the names that apt knows here must not
# have slipped into a file.
mirror_names() {
    hosts=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* build/apt-sources /etc/apt/apt.conf.d/* 2>/dev/null |
        grep -oE '(https?|ftp)://[^/ "]+' | sed -E 's#.*//##; s#.*@##; s#:[0-9]+$##' | sort -u)
    found=0
    for host in $hosts; do
        # "localhost" and the like stand in many files for good reasons.
        case "$host" in localhost | 127.* | '[::1]') continue ;; esac
        if git grep -nIFi --untracked -e "$host" -- . ':!tests/machines'; then
            found=1
        fi
    done
    return $found
}

# What a file must have and must not have, whatever is in it.
house_rules() {
    wrong=0
    for file in $(cpp_files) $(files '*.py'); do
        if ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later'; then
            echo "$file: no SPDX-License-Identifier in the first lines"
            wrong=1
        fi
    done
    for file in $(files '*.hpp'); do
        grep -q '^#pragma once$' "$file" || { echo "$file: no #pragma once" && wrong=1; }
    done
    # Long files are two files (CONTRIBUTING.md: about 400 lines at most).
    for file in $(cpp_files); do
        lines=$(wc -l <"$file")
        [ "$lines" -le 450 ] || { echo "$file: $lines lines, at most 450" && wrong=1; }
    done
    # Open ends belong into docs/limits.md, where a reader finds them.
    if git grep -nIE '(^|[^A-Z])(TODO|FIXME|XXX)([^A-Z]|$)' -- '*.cpp' '*.hpp' '*.py' '*.md' '*.yaml' 'CMakeLists.txt' \
        'Makefile'; then
        wrong=1
    fi
    return $wrong
}

if [ "$mode" = --format ]; then
    clang_format -i
    exit
fi

check clang-format clang_format --dry-run -Werror
check shellcheck shell_check
check codespell spelling
check schemas schemas
check mirror-names mirror_names
check house-rules house_rules
case "$mode" in
--fast) ;;
--deep) check clang-tidy clang_tidy --deep ;;
*) check clang-tidy clang_tidy ;;
esac

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
