#!/bin/bash
# Builds the documentation of all public modules as one static website in .build/docs, offline, and checks that it is complete.
#
#     Scripts/docs.sh [--skip-build]      (to read it: python3 -m http.server --directory .build/docs)
#
# A public module is a folder Sources/Foldin* other than FoldinCommand. The script fails on
#
# - a DocC warning, for example a link that does not resolve;
# - a module without a catalogue, Sources/MODULE/MODULE.docc;
# - a public symbol without a documentation comment. These need none:
#   - what the compiler synthesises, for example `==`, `init(from:)` or `rawValue`;
#   - a witness of a protocol's requirement: the protocol documents it;
#   - an extension of a type, which only groups its members.
#   Enumeration cases and initialisers do need one.
#
# In a catalogue, a symbol of another module that the module imports is linked as ``/FoldinModels/TrainedModel``.
#
# It reads the modules of the debug build, which `swift build` updates first, with the options of Scripts/test.sh.
# Needs a toolchain of swift.org with docc, on Linux, and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build/debug
docs=.build/docs

modules=()
for folder in Sources/Foldin*/; do
    module=$(basename "$folder")
    # The functions of FoldinC are documented in foldin.h.
    case $module in FoldinCommand | FoldinC) ;; *) modules+=("$module") ;; esac
done

# Modules after those that they import.
imports() {
    local module
    for module in "${modules[@]}"; do
        echo "$module $module"
        { grep -rhoE '^[a-z@_ ]*import Foldin[A-Za-z]*' "Sources/$module" --include='*.swift' || true; } | awk -v module="$module" '{ print $NF, module }'
    done | sort -u
}
mapfile -t modules < <(imports | tsort)

[ "${1:-}" = --skip-build ] ||
    SWIFT_DETERMINISTIC_HASHING=1 swift build --quiet -Xcc -O2 -debug-info-format none --traits "${TRAITS:-Command,Experiments,Service}"
build=$(cd "$build" && pwd -P) # the path that the module cache was filled under

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The C modules that the Swift modules import, which the extractor must find too.
options=(-I "$build/Modules" -module-cache-path "$build/ModuleCache")
for map in "$build"/*.build/module.modulemap Sources/*/module.modulemap .build/checkouts/*/Sources/*/{,include/}module.modulemap; do
    [ ! -e "$map" ] || options+=(-Xcc "-fmodule-map-file=$map")
done
for folder in Sources/*/include; do options+=(-Xcc -I -Xcc "$folder"); done
triple=$(swift -print-target-info | sed -nE 's/^ *"triple": "([^"]*)".*/\1/p' | head -n 1)
for module in "${modules[@]}"; do
    mkdir "$work/$module"
    swift symbolgraph-extract -module-name "$module" -target "$triple" "${options[@]}" -minimum-access-level public \
        -skip-synthesized-members -emit-extension-block-symbols -output-dir "$work/$module"
done

failures=0

# Warnings are counted and not made errors, so that one run shows those of all modules.
archives=()
dependencies=()
for module in "${modules[@]}"; do
    catalogue="Sources/$module/$module.docc"
    if [ ! -d "$catalogue" ]; then
        echo "$module: found no catalogue; expected $catalogue" >&2
        failures=$((failures + 1))
        catalogue=
    fi
    archive="$work/$module.doccarchive"
    docc convert ${catalogue:+"$catalogue"} --additional-symbol-graph-dir "$work/$module" --output-dir "$archive" \
        --fallback-display-name "$module" --fallback-bundle-identifier "foldin.$module" --fallback-default-module-kind Module \
        --enable-experimental-external-link-support ${dependencies[@]+"${dependencies[@]}"} > "$work/log" 2>&1 || {
        sed "s|^|$module: |" "$work/log" >&2
        exit 1
    }
    cat "$work/log" >&2
    failures=$((failures + $(grep -cE '^(warning|error): ' "$work/log" || true)))
    archives+=("$archive")
    dependencies+=(--dependency "$archive")
done

rm -rf "$docs"
docc merge "${archives[@]}" --output-path "$docs" --synthesized-landing-page-name Foldin

undocumented=$(
    python3 - "$PWD/" "$work"/*/*.symbols.json << 'PYTHON'
import json, sys

root, *graphs = sys.argv[1:]
found = set()
for graph in graphs:
    with open(graph) as file:
        graph = json.load(file)
    witnesses = {r["source"] for r in graph["relationships"] if "sourceOrigin" in r}
    for symbol in graph["symbols"]:
        kind = symbol["kind"]
        if "docComment" in symbol or "location" not in symbol or kind["identifier"] == "swift.extension":
            continue
        if symbol["identifier"]["precise"] in witnesses:
            continue
        file = symbol["location"]["uri"].removeprefix("file://").removeprefix(root)
        line = symbol["location"]["position"]["line"] + 1
        found.add((file, line, kind["displayName"].lower(), ".".join(symbol["pathComponents"])))
for file, line, kind, name in sorted(found):
    print(f"{file}:{line}: {kind} {name}")
PYTHON
)
if [ -n "$undocumented" ]; then
    count=$(wc -l <<< "$undocumented")
    echo "$undocumented" >&2
    echo "found $count public symbols without a documentation comment; expected none" >&2
    failures=$((failures + count))
fi
if [ "$failures" != 0 ]; then
    echo "documentation: $failures failures" >&2
    exit 1
fi
echo "documentation of ${#modules[@]} modules: $docs"
