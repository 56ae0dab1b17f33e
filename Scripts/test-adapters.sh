#!/bin/bash
# Tests the adapters and the Python examples with the real frameworks, each in a virtual environment of its own.
#
#     Scripts/test-adapters.sh [NAME...]      (lenskit, recpack, cornac, irspack, rectools, examples; all by default)
#
# It uses the wheel in .build/wheel, and builds it if there is none. PYTHON: the Python to try first, python3 by default.
# FOLDIN_ENVIRONMENTS: a folder that keeps the environments for the next run, 6 GB; otherwise they are removed.
# LensKit and RecPack need PyTorch. A build for CPUs is preferred if pip finds one, for example by PIP_FIND_LINKS.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# != 0 ] || set -- lenskit recpack cornac irspack rectools examples
ls .build/wheel/foldin-*.whl > /dev/null 2>&1 || Scripts/wheel.sh .build/wheel
wheel=$(realpath .build/wheel/foldin-*.whl)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
environments=$(realpath -m "${FOLDIN_ENVIRONMENTS:-$place}")
mkdir -p "$environments"

# find_python FILE: the first Python whose version is in the range that the first line of the requirements names.
find_python() {
    local first last minor candidate
    read -r first last < <(sed -nE '1s/^# Python 3\.([0-9]+) to 3\.([0-9]+)$/\1 \2/p' "$1")
    for candidate in "${PYTHON:-python3}" python3.{10..13}; do
        minor=$("$candidate" -c 'import sys; print(sys.version_info[1])' 2> /dev/null) || continue
        if ((first <= minor && minor <= last)); then
            echo "$candidate"
            return
        fi
    done
    echo "$1: found no Python 3.$first to 3.$last" >&2
    return 1
}

# Away from the sources, so that the installed package is tested.
cp -r Python/tests/adapters Examples/Python "$place/"
export FOLDIN_PYTHON_EXAMPLES=$place/Python
failed=
for name; do
    requirements=Python/tests/adapters/requirements-$name.txt
    python=$(find_python "$requirements")
    environment=$environments/$name
    SECONDS=0
    [ -x "$environment/bin/python" ] || "$python" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
    echo "$name: $("$environment/bin/python" --version), installed in $SECONDS s, $(du -sh "$environment" | cut -f 1)"
    (cd "$place" && "$environment/bin/python" -m pytest -q -p no:cacheprovider "adapters/test_$name.py") || failed="$failed $name"
    [ -n "${FOLDIN_ENVIRONMENTS:-}" ] || rm -rf "$environment"
done
[ -z "$failed" ] || { echo "test-adapters.sh: the tests of$failed failed" >&2; exit 1; }
