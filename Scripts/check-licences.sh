#!/bin/sh
# Fails on a package without an allowed licence. The table of Documentation/Licences.md must name each package of Package.swift, and each that
# a build has fetched, with the licence that its own file has.
#
#     Scripts/check-licences.sh [CHECKOUTS]      (by default .build/checkouts; what is not fetched is not compared)
set -eu
cd "$(dirname "$0")/.."
checkouts=${1:-.build/checkouts}
table=Documentation/Licences.md
allowed=' Apache-2.0 BSD-2-Clause BSD-3-Clause ISC MIT Unicode-3.0 Zlib '

rows=$(sed -n '/<!-- packages: begin -->/,/<!-- packages: end -->/p' "$table" | sed -nE '/^\| package \|/d; s/^\| ([a-z0-9.-]+) \| ([^|]*[^ |]) *\| .*/\1 \2/p')
licence_of() { printf '%s\n' "$rows" | sed -n "s/^$1 //p"; }

# The licence that a file states.
stated() {
    if grep -q 'Apache License' "$1" && grep -q 'Version 2.0' "$1"; then
        echo Apache-2.0
    elif tr -s ' \n' ' ' < "$1" | grep -q 'Permission is hereby granted, free of charge'; then
        echo MIT
    elif grep -q 'Redistribution and use in source and binary forms' "$1"; then
        if grep -qi 'neither the name' "$1"; then echo BSD-3-Clause; else echo BSD-2-Clause; fi
    elif grep -qi 'UNICODE LICENSE V3' "$1"; then
        echo Unicode-3.0
    elif grep -q 'Permission to use, copy, modify, and/or distribute' "$1"; then
        echo ISC
    else
        echo "an unknown licence"
    fi
}

problems=$(
    printf '%s\n' "$rows" | while read -r package licence; do
        case $allowed in
            *" $licence "*) ;;
            *) echo "$table: found $licence for $package; expected one of$allowed" ;;
        esac
    done
    sed -nE 's/.*\.package\(url: "[^"]*\/([^"\/]+)".*/\1/p' Package.swift | sed 's/\.git$//' | tr '[:upper:]' '[:lower:]' | while read -r package; do
        [ -n "$(licence_of "$package")" ] || echo "$table: found no row for $package of Package.swift; expected its licence"
    done
    for folder in "$checkouts"/*/; do
        [ -d "$folder" ] || continue
        package=$(basename "$folder" | tr '[:upper:]' '[:lower:]')
        expected=$(licence_of "$package")
        if [ -z "$expected" ]; then
            echo "$table: found no row for $package, which is in $checkouts; expected its licence"
            continue
        fi
        text=$(find "$folder" -maxdepth 1 -iname 'LICEN[SC]E*' | sort | head -n 1)
        found=$([ -n "$text" ] && stated "$text" || echo "no file of a licence")
        [ "$found" = "$expected" ] || echo "$package: found $found; expected $expected, as in $table"
    done
)
if [ -n "$problems" ]; then
    printf '%s\n' "$problems" >&2
    exit 1
fi
if [ -d "$checkouts" ]; then
    echo "licences are those of $table, and allowed"
else
    echo "licences in $table are allowed (no packages in $checkouts to compare with)"
fi
