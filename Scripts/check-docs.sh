#!/bin/bash
# Checks the documentation: links, spelling, that the commands in it run, and that its Swift code compiles.
#
#     Scripts/check-docs.sh [--build-dir DIR]      (FOLDIN: the command, by default .build/release/foldin; DIR: a debug build)
#
# Needs hunspell with the British dictionary, python3, a release build of the command and a debug build, both with all package traits (`make build`
# and `make test`). The data comes from the Python package recbole or is generated. Prints one line per check; about two minutes.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
failures=0
Scripts/check-links.py || failures=$((failures + 1))
Scripts/check-spelling.py || failures=$((failures + 1))
Scripts/run-documented-commands.py || failures=$((failures + 1))
Scripts/check-snippets.sh "$@" || failures=$((failures + 1))
if [ "$failures" != 0 ]; then
    echo "documentation: $failures of 4 checks failed" >&2
    exit 1
fi
echo "documentation: 4 checks passed"
