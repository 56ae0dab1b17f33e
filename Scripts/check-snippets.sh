#!/bin/bash
# Compiles every block of Swift code in README.md, Documentation, the DocC pages and the documentation comments of Sources, and fails on an
# error of the compiler. Nothing is linked or run.
#
#     Scripts/check-snippets.sh [--build-dir DIR]      (DIR: a debug build with all traits but TLS, by default .build/debug)
#
# Each page becomes one file: imports at the top, then one function per block. The module of a page is imported without being named: Foldin,
# or that of the catalogue or the source file. What a block needs and does not show is in a comment before it, which no page shows:
#
#     <!-- given: let model: TrainedModel -->
#
# That comment has Swift declarations, separated by line breaks or semicolons. `let name: Type` without a value is a parameter. Imports
# and extensions count for the page, other declarations for the block.
#
# The modules and the maps of C modules are found as in Scripts/docs.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build/debug
if [ "${1:-}" = --build-dir ]; then build=$2; fi
[ -d "$build/Modules" ] || {
    echo "found no $build/Modules; expected a debug build: Scripts/test.sh, or swift build -Xcc -O2 --traits Command,Experiments,Service" >&2
    exit 1
}
build=$(cd "$build" && pwd -P)
root=$(cd "$build/../../.." && pwd -P) # the package of the build, which has the checkouts of other packages

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 Scripts/snippets.py "$work"

options=(-I "$build/Modules" -module-cache-path "$work/ModuleCache" -swift-version 6 -suppress-warnings)
for map in "$build"/*.build/module.modulemap Sources/*/module.modulemap "$root"/.build/checkouts/*/Sources/*/{,include/}module.modulemap; do
    [ ! -e "$map" ] || options+=(-Xcc "-fmodule-map-file=$map")
done
for folder in Sources/*/include; do options+=(-Xcc -I -Xcc "$folder"); done

pages=0 failures=0
for file in "$work"/*.swift; do
    pages=$((pages + 1))
    swiftc -typecheck -parse-as-library "${options[@]}" "$file" > "$work/log" 2>&1 || {
        failures=$((failures + 1))
        cat "$work/log" >&2
    }
done
echo "snippets: $(cat "$work/count") blocks of $pages pages compiled, $failures pages failed"
[ "$failures" = 0 ]
