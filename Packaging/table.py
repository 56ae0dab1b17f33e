"""The table of Swift packages in Documentation/Licences.md."""
import pathlib
import re


class Row:
    def __init__(self, name, licence, owner, command):
        self.name, self.licence, self.copyright, self.is_linked = name, licence, owner, command == "yes"


def rows(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    table = re.search(r"<!-- packages: begin -->(.*)<!-- packages: end -->", text, re.DOTALL).group(1)
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines if not line.startswith("| package ")]
