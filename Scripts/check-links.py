#!/usr/bin/env python3
"""Fails on a link of a Markdown page that leads nowhere. Works offline.

    Scripts/check-links.py

For every Markdown file: the file of a relative link or image exists, the anchor is a heading of that file, and a `doc:` link of DocC is an
article of the same catalogue. An address of another host is only parsed. On pages of DocC, which cannot link to them, files of the
repository that stand between backquotes, such as `Documentation/Formats.md`, exist.
"""

import re
import sys
from urllib.parse import unquote, urlsplit

from documentation import ROOT, pages, prose

# The inside of [text](target "title") and ![text](target), references [name]: target, and <address>.
INLINE = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)")
BARE = re.compile(r"<((?:https?|mailto|doc):[^>\s]+)>")


def anchors(page):
    """The anchors that the headings of a page have on GitHub, and those of explicit <a id="...">."""
    found, seen = set(), {}
    for _, line in prose(page):
        found.update(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", line))
        heading = re.match(r"^#{1,6}\s+(.*?)\s*#*$", line)
        if not heading:
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
        name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.add(name if count == 0 else f"{name}-{count}")
    return found


def fault(page, target):
    """What is wrong with a link, or None."""
    if target.startswith("doc:"):
        name = target.removeprefix("doc:").split("#")[0].rsplit("/", 1)[-1]
        catalogue = next((folder for folder in page.parents if folder.suffix == ".docc"), None)
        if catalogue is None:
            return "expected a doc: link only in a DocC catalogue"
        return None if name in {article.stem for article in catalogue.rglob("*.md")} else "found no such article in the catalogue"
    parts = urlsplit(target)
    if parts.scheme:
        well_formed = parts.scheme == "mailto" or (parts.scheme in ("http", "https") and re.fullmatch(r"[\w.\-]+(:\d+)?", parts.netloc))
        return None if well_formed else "expected an http, https or mailto address"
    path = (page.parent / unquote(parts.path)) if parts.path else page
    catalogue = next((folder for folder in page.parents if folder.suffix == ".docc"), None)
    if catalogue is not None and parts.path and "/" not in parts.path:  # an image of the catalogue, in any folder of it
        return None if any(catalogue.rglob(unquote(parts.path) + "*")) else "found no such image in the catalogue"
    if not path.exists():
        return "found no such file"
    if not path.resolve().is_relative_to(ROOT):
        return "expected a file of the repository"
    if parts.fragment and path.suffix == ".md" and parts.fragment not in anchors(path):
        return f"found no heading for #{parts.fragment}"
    return None


count, faults = 0, 0
for page in pages("*.md"):
    for number, line in prose(page):
        if any(folder.suffix == ".docc" for folder in page.parents):
            for name in re.findall(r"`((?:Documentation|Examples|Scripts|Benchmarks|Experiments|Sources)/[\w./-]+)`", line):
                count += 1
                if not (ROOT / name).exists():
                    faults += 1
                    print(f"{page.relative_to(ROOT)}:{number}: {name}: found no such file", file=sys.stderr)
        line = re.sub(r"(`+).*?\1", "", line)
        for target in INLINE.findall(line) + REFERENCE.findall(line) + BARE.findall(line):
            count += 1
            wrong = fault(page, target)
            if wrong:
                faults += 1
                print(f"{page.relative_to(ROOT)}:{number}: {target}: {wrong}", file=sys.stderr)
print(f"links: {count} checked, {faults} broken")
sys.exit(1 if faults else 0)
