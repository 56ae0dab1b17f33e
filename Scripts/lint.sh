#!/bin/sh
# Checks formatting, the imports of each target, where model families are named, the words, the licences of packages, and that the
# documentation shows the code that is compiled.
#
#     Scripts/lint.sh
set -eu
cd "$(dirname "$0")/.."
swift format lint --strict --parallel -r Package.swift Sources Tests Examples Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift Fuzz/Sources
Scripts/check-imports.sh
Scripts/check-families.sh
Scripts/check-words.sh
Scripts/check-readme.sh
Scripts/check-licences.sh
