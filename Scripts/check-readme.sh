#!/bin/sh
# Fails unless the Swift code of the README and of the library's landing page is Snippets/FiveMinutes.swift, line for line.
#
#     Scripts/check-readme.sh
set -eu
cd "$(dirname "$0")/.."
for page in README.md Sources/Foldin/Foldin.docc/Foldin.md; do
    if ! sed -n '/^```swift$/,/^```$/p' "$page" | sed '1d;/^```$/,$d' | diff -u Snippets/FiveMinutes.swift - >&2; then
        echo "$page: found other Swift code; expected that of Snippets/FiveMinutes.swift" >&2
        exit 1
    fi
done
echo "the documentation's Swift code is Snippets/FiveMinutes.swift"
