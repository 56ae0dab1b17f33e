#!/bin/bash
# Builds the wheel, installs it into a virtual environment and runs the tests of the Python package there.
#
#     Scripts/test-python.sh [PYTHON] [arguments of pytest]      (python3 by default; FOLDIN_EXAMPLES: random inputs, 200 by default)
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
[ $# = 0 ] || shift
Scripts/wheel.sh .build/wheel
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check .build/wheel/foldin-*.whl -r Python/tests/requirements.txt
if [ -x .build/release/foldin ]; then
    FOLDIN_COMMAND=$PWD/.build/release/foldin
    export FOLDIN_COMMAND
fi
# Away from the sources, so that the installed package is tested.
cp -r Python/tests "$place/"
mkdir "$place/pages"
cp Documentation/Python.md Python/README.md "$place/pages/"
export FOLDIN_PAGES=$place/pages
cd "$place"
venv/bin/python -m pytest -q -p no:cacheprovider --ignore=tests/adapters tests "$@"
