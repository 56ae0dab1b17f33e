#!/bin/sh
# Prints the conditions of a measurement: date, commit, processor, memory, versions. The other scripts use it.
#
#     Benchmarks/machine.sh [COMMAND]      (COMMAND: foldin; by default the release build)
set -eu
cd "$(dirname "$0")/.."
foldin=${1:-.build/release/foldin}
python=${FOLDIN_PYTHON:-python3}
echo "date: $(date -u +%FT%TZ)"
echo "commit: $(git rev-parse --short HEAD 2> /dev/null || echo unknown)$(git diff --quiet HEAD 2> /dev/null || echo ' with changes')"
echo "system: $(uname -sr)"
echo "swift: $(swift --version 2> /dev/null | sed -n 's/.*Swift version \([^ ]*\).*/\1/p' | head -n 1)"
echo "load before: $(uptime | sed 's/.*load average[s]*: //')"
"$foldin" doctor
"$python" - << 'PYTHON' || true
import importlib.metadata as metadata
for name in ("torch", "numpy", "scipy", "pandas"):
    try:
        print(f"{name}: {metadata.version(name)}")
    except metadata.PackageNotFoundError:
        pass
PYTHON
