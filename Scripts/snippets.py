#!/usr/bin/env python3
"""Writes the Swift blocks of each documentation page as one Swift file, for Scripts/check-snippets.sh.

    Scripts/snippets.py DIR

A block becomes an asynchronous throwing function; #sourceLocation lets the compiler name the page and the line.
"""

import re
import sys
from pathlib import Path

from documentation import ROOT, blocks, pages, reader_pages

out = Path(sys.argv[1])


def comments(source):
    """A source file's documentation comments as Markdown with the lines in their places."""
    return "\n".join(
        re.sub(r"^\s*/// ?", "", line) if line.lstrip().startswith("///") else "" for line in source.read_text().splitlines())


def module(page):
    """The module that a page documents: that of its folder in Sources, else the library."""
    parts = page.relative_to(ROOT).parts
    return parts[1] if parts[0] == "Sources" and parts[1] != "FoldinCommand" else "Foldin"


def split(given):
    """The declarations of a comment `given`: parameters, imports, and the others as they are."""
    parameters, imports, others = [], [], []
    parts = re.split(r"\n(?=\S)|;(?![^{]*\})", given)  # an indented line continues the line before it
    for part in filter(None, (part.strip() for part in parts)):
        parameter = re.fullmatch(r"let (\w+): ([^=]+)", part)
        if parameter:
            parameters.append(f"{parameter[1]}: {parameter[2].strip()}")
        elif part.startswith("import "):
            imports.append(part)
        else:
            others.append(part)
    return parameters, imports, others


def swift(page, found):
    imports = {f"import {module(page)}"}
    body = []  # an extension is at the top of the file, and so is a block of which it extends a type
    for number, block in enumerate(found):
        parameters, more, declarations = split(block.given)
        imports.update(more)
        lines = []
        for line in block.lines:
            imported = re.match(r"^(@testable )?import \w+", line)
            if imported:
                imports.add(line.split("//")[0].strip())
            lines.append("" if imported else line)
        extensions = [part for part in declarations if part.startswith("extension ")]
        declarations = [part for part in declarations if part not in extensions]
        types = [match[1] for line in lines if (match := re.match(r"^(?:public )?(?:struct|final class|actor|enum) (\w+)", line))]
        is_declaration = any(re.match(rf"extension ({'|'.join(types)})\b", part) for part in extensions) if types else False
        body += extensions
        place = f'#sourceLocation(file: "{block.page.relative_to(ROOT)}", line: {block.line})'
        text = "\n".join(lines)
        if is_declaration:
            body += declarations + [place, text, "#sourceLocation()"]
        else:
            body += [f"func block{number}({', '.join(parameters)}) async throws {{", *declarations, place, text, "#sourceLocation()", "}"]
    return "\n".join(sorted(imports) + body) + "\n"


count = 0
sources = [(page, page.read_text()) for page in reader_pages()]
sources += [(source, comments(source)) for source in pages("Sources/*.swift") if "```swift" in source.read_text()]
for page, text in sources:
    found = [block for block in blocks(page, text) if block.language == "swift"]
    if found:
        count += len(found)
        name = str(page.relative_to(ROOT)).replace("/", "-").removesuffix(".md").removesuffix(".swift")
        (out / f"{name}.swift").write_text(swift(page, found))
(out / "count").write_text(f"{count}\n")
