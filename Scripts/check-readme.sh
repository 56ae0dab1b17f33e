#!/bin/sh
# Fails unless the Swift code of the README and of the library's landing page equals Examples/FiveMinutes/main.swift.
#
#     Scripts/check-readme.sh
set -eu
cd "$(dirname "$0")/.."
for page in README.md Sources/Foldin/Foldin.docc/Foldin.md; do
    # shellcheck disable=SC2016 # the backquotes are Markdown
    if ! sed -n '/^```swift$/,/^```$/p' "$page" | sed '1d;/^```$/,$d' | diff -u Examples/FiveMinutes/main.swift - >&2; then
        echo "$page: found other Swift code; expected that of Examples/FiveMinutes/main.swift" >&2
        exit 1
    fi
done
echo "the documentation's Swift code is Examples/FiveMinutes/main.swift"
