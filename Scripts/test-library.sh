#!/bin/bash
# Builds the shared library of the C interface and runs the C example with it, under the address and undefined behaviour sanitizers. The header
# is compiled as C99 and as C++ too.
#
#     Scripts/test-library.sh
set -euo pipefail
cd "$(dirname "$0")/.."
library=$PWD/.build/library/out
Scripts/build-library.sh
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
warnings=(-Wall -Wextra -Wpedantic -Werror)
gcc -std=c99 "${warnings[@]}" -fsyntax-only -x c "$library/foldin.h"
g++ -std=c++11 "${warnings[@]}" -fsyntax-only -x c++ "$library/foldin.h"
gcc -std=c11 "${warnings[@]}" -g -fsanitize=address,undefined -fno-sanitize-recover -I "$library" Examples/C/recommend.c -L "$library" -lfoldin \
    "-Wl,-rpath,$library" -o "$place/recommend"
cd "$place"
ASAN_OPTIONS=detect_leaks=1 ./recommend | tee output
[ "$(grep -c '^epoch ' output)" = 5 ] && [ "$(grep -c '^person [01]: item [0-5], ' output)" = 4 ] && [ -s model.safetensors ] &&
    grep -q '^66: nothing.safetensors: found ' output || {
    echo "the C example: found other output; expected 5 epochs, 4 items, a model and an error" >&2
    exit 1
}
echo "the C example runs"
