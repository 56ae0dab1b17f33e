#!/usr/bin/env python3
"""Fails on words of the documentation that neither hunspell's British dictionary nor Documentation/words.txt has.

    Scripts/check-spelling.py [--list]     (--list: prints the unknown words alone, to add the right ones to Documentation/words.txt)

Reads README.md, CONTRIBUTING.md, Documentation, the decisions and the catalogues of DocC, without code, links and names with digits, dots or
capitals inside. Needs hunspell and hunspell-en-gb, which Scripts/install-needs.sh installs.
"""

import re
import shutil
import subprocess
import sys

from documentation import ROOT, pages, prose

if not shutil.which("hunspell"):
    sys.exit("found no hunspell; expected Debian's packages hunspell and hunspell-en-gb, which Scripts/install-needs.sh installs")

listed = (ROOT / "Documentation/words.txt").read_text().splitlines()
known = {word for word in listed if word and not word.startswith("#")}
if [w for w in listed if not w.startswith("#")] != sorted(known, key=lambda word: (word.lower(), word)):
    sys.exit("Documentation/words.txt: found repeats or another order; expected one word per line, sorted without regard to case")

places, count = {}, 0
for page in pages("README.md", "CONTRIBUTING.md", "Documentation/*.md", "Sources/*.md"):
    for number, line in prose(page):
        line = re.sub(r"(`+).*?\1", " ", line)
        line = re.sub(r"\]\([^)]*\)|https?://\S+|<[^>]*>|``|&[a-z]+;", " ", line)
        for word in re.findall(r"[^\W_]+(?:['’.+\-_/@$^*=][^\W_]+)*", line):
            for part in re.split(r"[\-/]", word):
                part = re.sub(r"['’]s?$", "", part)
                if len(part) < 2 or re.search(r"[\d._+@$^*=]|[a-z][A-Z]|^[A-Z]{2,}s?$", part):
                    continue
                count += 1
                places.setdefault(part, f"{page.relative_to(ROOT)}:{number}")

asked = sorted(word for word in places if word not in known)
answer = subprocess.run(
    ["hunspell", "-d", "en_GB", "-i", "utf-8", "-l"], input="\n".join(asked), capture_output=True, text=True, check=True)
unknown = sorted(set(answer.stdout.split()), key=str.lower)
if "--list" in sys.argv[1:]:
    print("\n".join(unknown))
    sys.exit()
for word in unknown:
    print(f"{places.get(word, '?')}: {word}", file=sys.stderr)
unused = sorted(known - set(places), key=str.lower)
print(f"spelling: {count} words, {len(places)} different, {len(unknown)} unknown")
if unused:
    print(f"  no longer used in Documentation/words.txt: {', '.join(unused)}")
sys.exit(1 if unknown else 0)
