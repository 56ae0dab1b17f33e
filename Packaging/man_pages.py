#!/usr/bin/env python3
"""Writes a manual page for the command and for each subcommand, from the command's own help.

    foldin --experimental-dump-help | Packaging/man_pages.py VERSION DATE DIRECTORY

Writes DIRECTORY/foldin.1, foldin-train.1, foldin-datasets-make.1, ...
"""
import json
import pathlib
import sys

EXIT_STATUS = [
    ("0", "Success."),
    ("64", "Wrong usage, or a training that diverged."),
    ("65", "Bad data in an input."),
    ("66", "An input that is missing."),
    ("70", "An internal error."),
    ("73, 74", "An output that cannot be created or written."),
    ("130", "Interrupted by Ctrl-C."),
]
FILES = [
    ("/etc/default/foldin", "The model and the options of the systemd unit foldin.service."),
    ("/var/lib/foldin", "The unit's own directory, for models and events."),
]
ENVIRONMENT = [
    ("FOLDIN_DATASETS", "A directory with a folder per dataset, which foldin datasets fetch uses in place of a download."),
    ("FOLDIN_MATRIX", "own or blas: the matrix kernels to use; by default Foldin's own where the processor has AVX2."),
]


def text(line):
    """One line of roff that prints `line`: no character of it is a request or an escape."""
    line = line.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha").replace("`", "\\(ga").replace("'", "\\(aq")
    return "\\&" + line if line.startswith((".", "\\(aq")) else line


def paragraphs(body):
    """The lines of roff for texts separated by blank lines; the page's own lines are filled."""
    lines = []
    for number, paragraph in enumerate(part for part in body.split("\n\n") if part.strip()):
        lines += [".PP"] if number else []
        lines += [text(line.strip()) for line in paragraph.splitlines()]
    return lines


def value(argument):
    return "\\fI" + text(argument["valueName"]) + "\\fR"


def spelling(argument):
    """All names of an option with its value, or the name of a positional argument."""
    if argument["kind"] == "positional":
        return value(argument) + (" ..." if argument["isRepeating"] else "")
    dash = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    names = ", ".join("\\fB" + text(dash[name["kind"]] + name["name"]) + "\\fR" for name in argument["names"])
    return names + (" " + value(argument) if argument["kind"] == "option" else "")


def explanation(argument):
    """The help of an argument; its default and values are added as the command's own help does."""
    words = [argument.get("abstract", ""), argument.get("discussion", "")]
    values = argument.get("allValues", [])
    said = " ".join(words)
    notes = []
    if values and "values: " not in said:
        notes.append("values: " + ", ".join(values))
    if "defaultValue" in argument and argument["kind"] != "flag" and "default: " not in said:
        notes.append("default: " + argument["defaultValue"])
    if notes:
        words.append("(" + "; ".join(notes) + ")")
    return " ".join(word for word in words if word)


def page(command, path, version, date):
    name = "-".join(path)
    arguments = [a for a in command.get("arguments", []) if a["shouldDisplay"]]
    subcommands = [c for c in command.get("subcommands", []) if c["shouldDisplay"] and c["commandName"] != "help"]
    lines = [
        '.\\" Made from the help of the command by Packaging/man_pages.py.',
        f'.TH {name.upper()} 1 "{date}" "foldin {version}" "User Commands"',
        # No hyphens within words, which would look like those of options, and no blanks to fill lines.
        ".nh",
        ".ad l",
        ".SH NAME",
        text(name) + " \\- " + text(command["abstract"].rstrip(".")),
        ".SH SYNOPSIS",
        ".B " + text(" ".join(path)),
    ]
    if subcommands:
        lines.append("\\fIsubcommand\\fR")
    if arguments:
        lines.append("[\\fIoptions\\fR]")
    lines += [spelling(a) for a in arguments if a["kind"] == "positional"]
    lines += [spelling(a) for a in arguments if a["kind"] == "option" and not a["isOptional"]]
    lines += [".SH DESCRIPTION"] + paragraphs(command.get("discussion") or command["abstract"])

    sections = {}
    for argument in arguments:
        title = argument.get("sectionTitle") or ("Arguments" if argument["kind"] == "positional" else "Options")
        sections.setdefault(title, []).append(argument)
    # Positional arguments first, options without a title of their own last, as in the help.
    for title in sorted(sections, key=lambda t: {"Arguments": 0, "Options": 2}.get(t, 1)):
        lines.append('.SH "' + text(title.upper()) + '"')
        for argument in sections[title]:
            lines += [".TP", spelling(argument)] + paragraphs(explanation(argument))
    if subcommands:
        lines.append(".SH SUBCOMMANDS")
        for subcommand in subcommands:
            lines += [".TP", "\\fB" + text(subcommand["commandName"]) + "\\fR"] + paragraphs(subcommand["abstract"])
    if len(path) == 1:
        for title, rows in [("EXIT STATUS", EXIT_STATUS), ("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)]:
            lines.append('.SH "' + title + '"')
            for term, meaning in rows:
                lines += [".TP", "\\fB" + text(term) + "\\fR"] + paragraphs(meaning)
    if path[1:] == ["serve"]:
        lines.append(".SH FILES")
        for term, meaning in FILES:
            lines += [".TP", "\\fB" + text(term) + "\\fR"] + paragraphs(meaning)
    others = [path[:-1]] if len(path) > 1 else []
    others += [path + [subcommand["commandName"]] for subcommand in subcommands]
    if others:
        lines.append(".SH SEE ALSO")
        lines.append(",\n".join(".BR " + text("-".join(other)) + " (1)" for other in others))
    result = {name: "\n".join(lines) + "\n"}
    for subcommand in subcommands:
        result.update(page(subcommand, path + [subcommand["commandName"]], version, date))
    return result


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: foldin --experimental-dump-help | Packaging/man_pages.py VERSION DATE DIRECTORY")
    version, date, directory = sys.argv[1:]
    root = json.load(sys.stdin)["command"]
    folder = pathlib.Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    for name, contents in page(root, [root["commandName"]], version, date).items():
        (folder / (name + ".1")).write_text(contents, encoding="utf-8")


main()
