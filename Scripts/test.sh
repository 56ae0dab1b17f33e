#!/bin/bash
# Builds and runs the tests. Those that compare with NumPy use a Python environment in .venv, which the script creates. Shows failures and the
# count only; the whole output is in .build/test.log.
#
#     Scripts/test.sh [arguments of swift test]      (TRAITS: the package traits, by default all but TLS)
#
# The build has no debug information, which takes a seventh of its time; -debug-info-format dwarf makes it, for a debugger.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! .venv/bin/python -c 'import numpy' 2> /dev/null; then
    echo "creating .venv with NumPy, which reference tests compare with"
    rm -rf .venv
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r Tests/Reference/requirements.txt
fi
FOLDIN_PYTHON="$PWD/.venv/bin/python"
export FOLDIN_PYTHON
# -O2 for the C loops: without it a debug build is many times slower.
options=(-Xcc -O2 -debug-info-format none --traits "${TRAITS:-Command,Experiments,Service}" "$@")
# What only filters tests is no option of the build.
build=()
for ((index = 0; index < ${#options[@]}; index += 1)); do
    case ${options[index]} in
    --filter | --skip) index=$((index + 1)) ;;
    *) build+=("${options[index]}") ;;
    esac
done
echo "building the tests"
quiet=--quiet
[ ! -t 1 ] || quiet=
# The same order of the traits' definitions in each build (see Makefile). The tests themselves hash at random.
SWIFT_DETERMINISTIC_HASHING=1 swift build --build-tests $quiet "${build[@]}"
echo "running the tests"
log=.build/test.log
set +e
swift test --skip-build "${options[@]}" 2>&1 | tee "$log" |
    grep -E '^(✘|↳|\*\*\*)|Test run with|error: |Fatal error' | grep -vE '^↳ (Testing Library|Target Platform)'
status=${PIPESTATUS[0]}
set -e
[ "$status" = 0 ] || echo "the whole output: $log" >&2
exit "$status"
