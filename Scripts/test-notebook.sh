#!/bin/bash
# Executes the notebook Examples/Python/article.ipynb in a virtual environment with the wheel. Fails if a cell raises an error, or if a
# printed figure differs from the one in the repository. Downloads MovieLens 100K and the requirements by pip.
#
#     Scripts/test-notebook.sh [PYTHON] [--update]      (python3 by default; --update: writes the new outputs into the notebook)
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
[ $# = 0 ] || shift
compgen -G '.build/wheel/foldin-*.whl' > /dev/null || Scripts/wheel.sh .build/wheel
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check .build/wheel/foldin-*.whl -r Examples/Python/requirements.txt
# No settings of the user.
export IPYTHONDIR=$place/ipython JUPYTER_CONFIG_DIR=$place/jupyter
mkdir "$place/work"
"$place/venv/bin/python" Scripts/execute-notebook.py Examples/Python/article.ipynb "$place/work" "$@"
