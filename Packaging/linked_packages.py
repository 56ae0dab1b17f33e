#!/usr/bin/env python3
"""Fails unless the packages that were linked into the command are those that the table of licences says.

    Packaging/linked_packages.py Documentation/Licences.md BUILD/release.yaml OBJECTS.LinkFileList
"""
import json
import pathlib
import re
import sys

import table


def main():
    licences, manifest, objects = sys.argv[1:]
    linked = {line.strip("'\"\n") for line in open(objects, encoding="utf-8")}
    found = set()
    inputs = []
    for line in open(manifest, encoding="utf-8"):
        if line.startswith("    inputs: ["):
            inputs = json.loads(line[len("    inputs: ") :])
        elif line.startswith("    outputs: [") and linked.intersection(json.loads(line[len("    outputs: ") :])):
            found.update(match.group(1).lower() for path in inputs if (match := re.search(r"/checkouts/([^/]+)/", path)))
    expected = {row.name for row in table.rows(licences) if row.is_linked}
    if found != expected:
        sys.exit(
            f"{licences}: found as linked into the command, and not in it: {sorted(expected - found)}; "
            f"in it, and not in the table as linked: {sorted(found - expected)}; expected none"
        )
    print(f"{len(found)} packages are linked into the command, as {licences} says")


main()
