"""The Markdown pages of the documentation and their code blocks, for the checks that Scripts/check-docs.sh calls."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def pages(*patterns):
    """The files that Git knows or would add, in the order of their paths."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted(ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file())


def reader_pages():
    """README, the guides and the articles and landing pages of DocC: all that a user reads."""
    return [page for page in pages("README.md", "Documentation/*.md", "Sources/*.md")
            if "Decisions" not in page.parts]


@dataclass
class Block:
    """A code block. `given` and `fails` are the comments <!-- given: ... --> and <!-- fails: STATUS --> before it."""

    page: Path
    line: int  # of its first line of code, from 1
    language: str  # "" for an indented block and for a fence without a language
    fenced: bool
    lines: list = field(default_factory=list)
    given: str = ""
    fails: str = ""

    @property
    def place(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page, text=None):
    """The code blocks of a page in order. `text` stands for the page's own."""
    found, block, comment, given, fails, before = [], None, None, "", "", ""
    for number, line in enumerate((page.read_text() if text is None else text).splitlines(), 1):
        fence = re.match(r"^( *)(```+)(.*)$", line)
        if block is not None and block.fenced:
            if fence and not fence[3].strip():
                found.append(block)
                block = None
            else:
                block.lines.append(line[indent:] if line[:indent].isspace() else line)
            continue
        if block is not None:  # indented
            if line.startswith("    ") or not line.strip():
                block.lines.append(line[4:])
                continue
            found.append(block)
            block = None
        if comment is not None:
            comment += "\n" + line
        elif line.lstrip().startswith("<!--"):
            comment = line.lstrip()
        if comment is not None:
            if "-->" in comment:
                told = re.match(r"<!--\s*(given|fails):(.*?)-->", comment, re.S)
                if told and told[1] == "given":
                    given = told[2].strip()
                elif told:
                    fails = told[2].strip()
                comment = None
            continue
        if fence:
            indent = len(fence[1])
            block = Block(page, number + 1, fence[3].strip(), True, [], given, fails)
            given = fails = ""
        elif line.startswith("    ") and not before.strip() and line.strip():
            block = Block(page, number, "", False, [line[4:]], given, fails)
            given = fails = ""
        elif line.strip():
            given = fails = ""
        before = line
    if block is not None:
        found.append(block)
    return found


def prose(page):
    """The lines of a page without code blocks and comments, with their numbers."""
    fenced, before, indented, comment = False, "", False, False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if re.match(r"^ *```", line):
            fenced = not fenced
        elif not fenced:
            indented = line.startswith("    ") and (indented or not before.strip()) or (indented and not line.strip())
            if "<!--" in line:
                comment = True
            if not indented and not comment:
                yield number, line
            if "-->" in line:
                comment = False
        before = line
