#!/usr/bin/env python3
"""Makes one directory equal to another, and leaves files with equal contents alone, so that a build of them is incremental.

    Packaging/synchronise.py FROM TO [KEPT...]      (KEPT: names directly in TO that stay)
"""
import filecmp
import os
import pathlib
import shutil
import sys


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    kept = set(sys.argv[3:])
    for path in sorted(target.rglob("*"), reverse=True):
        relative = path.relative_to(target)
        if str(relative) in kept or (source / relative).exists():
            continue
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in sorted(source.rglob("*")):
        other = target / path.relative_to(source)
        if path.is_dir():
            other.mkdir(exist_ok=True)
        elif not other.exists() or not filecmp.cmp(path, other, shallow=False):
            shutil.copyfile(path, other)
            os.chmod(other, path.stat().st_mode)


main()
