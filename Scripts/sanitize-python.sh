#!/bin/bash
# Runs the tests with random inputs of the Python package with a library built with the address sanitizer. It takes five minutes to build.
#
#     Scripts/sanitize-python.sh [arguments of pytest]      (FOLDIN_EXAMPLES: inputs of each kind, 10000 by default; PYTHON: python3 by default)
set -euo pipefail
cd "$(dirname "$0")/.."
FOLDIN_SANITIZE=address FOLDIN_LIBRARY_BUILD=.build/sanitized-library Scripts/build-library.sh
runtime=$(find "$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/clang" -name "libclang_rt.asan-$(uname -m).so" | head -n 1)
[ -n "$runtime" ] || { echo "sanitize-python.sh: found no library of the address sanitizer in the Swift toolchain; expected libclang_rt.asan" >&2; exit 1; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"${PYTHON:-python3}" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'numpy>=1.23' -r Python/tests/requirements.txt
# Leaks are those of Python. A large allocation is refused, not fatal.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 FOLDIN_EXAMPLES=${FOLDIN_EXAMPLES:-10000}
export FOLDIN_LIBRARY=$PWD/.build/sanitized-library/out/libfoldin.so PYTHONPATH=$PWD/Python
[ $# != 0 ] || set -- Python/tests/test_random.py
LD_PRELOAD=$runtime "$place/venv/bin/python" -m pytest -q -p no:cacheprovider "$@"
