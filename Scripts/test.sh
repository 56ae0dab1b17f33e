#!/bin/sh
# Runs the tests. Those that compare with NumPy use a Python environment in .venv, which the script creates.
#
#     Scripts/test.sh [arguments of swift test]      (TRAITS: the package traits, by default all but TLS)
set -eu
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
exec swift test -Xcc -O2 --traits "${TRAITS:-Command,Experiments,Service}" "$@"
