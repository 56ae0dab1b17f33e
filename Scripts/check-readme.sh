#!/bin/sh
# Fails unless the Swift code of the README and of the landing pages of modules equals the programs in Examples.
#
#     Scripts/check-readme.sh
set -eu
cd "$(dirname "$0")/.."

# check PAGE NUMBER PROGRAM: whether the page's block of Swift code with this number, from 1, is the program.
check() {
    # shellcheck disable=SC2016 # the backquotes are Markdown
    awk -v wanted="$2" '/^```swift$/ { number += 1; inside = 1; next } /^```$/ { inside = 0 } inside && number == wanted' "$1" \
        | diff -u "$3" - >&2 || {
        echo "$1: found other Swift code in block $2; expected that of $3" >&2
        exit 1
    }
}

check README.md 1 Examples/FiveMinutes/main.swift
check Sources/Foldin/Foldin.docc/Foldin.md 1 Examples/FiveMinutes/main.swift
check Documentation/Service.md 1 Examples/Client/main.swift
echo "the documentation's programs are those in Examples"
