#!/usr/bin/env python3
"""Prints the notices of the Swift packages that are linked into the command.

    Packaging/notices.py Documentation/Licences.md CHECKOUTS
"""
import pathlib
import sys

import table


def main():
    path, checkouts = sys.argv[1:]
    folders = {folder.name.lower(): folder for folder in pathlib.Path(checkouts).iterdir()}
    print("The command foldin contains code of the packages below, which ask to pass on these notices. All licences are in the file copyright.")
    for row in table.rows(path):
        notice = folders[row.name] / "NOTICE.txt" if row.is_linked and row.name in folders else None
        if row.is_linked and notice is None:
            sys.exit(f"found no package {row.name} in {checkouts}; expected it, as {path} has it linked into the command")
        if notice and notice.exists():
            print("\n" + "=" * 79 + f"\n{row.name}\n" + "=" * 79)
            print(notice.read_text(encoding="utf-8").strip())


main()
