#!/bin/sh
# Fails on an import in Sources/ that the table of Documentation/Architecture.md does not allow.
#
#     Scripts/check-imports.sh [ROOT]      (ROOT: the repository, by default the one this script is in)
set -eu
cd "${1:-$(dirname "$0")/..}"
table=Documentation/Architecture.md

problems=$(
    {
        sed -n '/<!-- imports: begin -->/,/<!-- imports: end -->/p' "$table" | sed -n 's/^| *`/row /p'
        for folder in Sources/*/; do echo "folder $(basename "$folder")"; done
        find Sources -name '*.swift' | sort | while read -r file; do
            # Remove attributes, access level and the kind of a scoped import (import struct A.B); keep the module.
            sed -nE 's/^[[:space:]]*(@[A-Za-z_]+(\([^)]*\))?[[:space:]]+)*((public|package|internal|fileprivate|private)[[:space:]]+)?import[[:space:]]+((struct|class|enum|protocol|func|var|let|typealias)[[:space:]]+)?([A-Za-z_][A-Za-z_0-9]*).*/\7/p' \
                "$file" | while read -r module; do echo "import $module $file"; done
        done
    } | awk '
        $1 == "row" {
            sub(/^row /, "")
            columns = split($0, cell, "|")
            target = cell[1]
            gsub(/[` ]/, "", target)
            rows[target] = 1
            # The third and fourth columns of the table list what may be imported.
            count = split(cell[3] " " cell[4], words, /[`, ]+/)
            for (i = 1; i <= count; i++) if (words[i] != "") allowed[target, words[i]] = 1
        }
        $1 == "folder" { folders[$2] = 1 }
        $1 == "import" {
            split($3, parts, "/")
            if (!((parts[2], $2) in allowed)) print $3 ": " parts[2] " may not import " $2
        }
        END {
            for (target in rows) if (!(target in folders)) print "the table has a row for " target ", Sources/ has no such folder"
            for (target in folders) if (!(target in rows)) print "Sources/" target " has no row in the table"
        }'
)
if [ -n "$problems" ]; then
    echo "$problems" >&2
    echo "expected: only the imports of the table in $table" >&2
    exit 1
fi
echo "imports are those of $table"
