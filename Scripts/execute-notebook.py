#!/usr/bin/env python3
"""Executes a notebook and compares what it prints with what it printed when it was written.

    Scripts/execute-notebook.py NOTEBOOK DIRECTORY [--update]      (DIRECTORY: where the cells run; --update: writes the outputs into NOTEBOOK)

Compares the text of the cells with the tag "figures": decimal numbers may differ by TOLERANCE, because other processors round differently;
all else must be equal. Needs nbclient and ipykernel.
"""

import argparse
import re
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

TOLERANCE = 0.005
NUMBER = re.compile(r"[-+]?\d+\.\d+")


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def difference(expected, found):
    """What differs between two texts, or None."""
    pairs = list(zip(NUMBER.findall(expected), NUMBER.findall(found)))
    if NUMBER.sub("#", expected) != NUMBER.sub("#", found):
        return f"found\n{found}\nexpected\n{expected}"
    wrong = [f"found {b}, expected {a} ± {TOLERANCE}" for a, b in pairs if abs(float(a) - float(b)) > TOLERANCE]
    return "\n".join(wrong) or None


def join_streams(cell):
    """Joins pieces of one stream: where the kernel cuts them depends on time."""
    joined = []
    for output in cell.outputs:
        if joined and output.output_type == "stream" == joined[-1].output_type and output.name == joined[-1].name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    cell.outputs = joined


parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("notebook")
parser.add_argument("directory")
parser.add_argument("--update", action="store_true")
arguments = parser.parse_args()

notebook = nbformat.read(arguments.notebook, 4)
cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
before = [printed(cell) for cell in cells]
metadata = dict(notebook.metadata)
client = NotebookClient(
    notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": arguments.directory}}, record_timing=False)
start = time.monotonic()
try:
    client.execute()
except CellExecutionError as error:
    sys.exit(f"{arguments.notebook}: {error}")
seconds = time.monotonic() - start
for cell in cells:
    join_streams(cell)

if arguments.update:
    notebook.metadata = nbformat.from_dict(metadata)  # without the version of Python
    nbformat.write(notebook, arguments.notebook)
    print(f"{arguments.notebook}: written, {len(cells)} code cells in {seconds:.0f} s")
    sys.exit()
tagged = [(cell, old) for cell, old in zip(cells, before) if "figures" in cell.metadata.get("tags", [])]
if not any(NUMBER.search(old) for _, old in tagged):
    sys.exit(f"{arguments.notebook}: found no figures; expected cells with the tag 'figures' and their outputs")
faults = [f"cell {cell.id}: {fault}" for cell, old in tagged if (fault := difference(old, printed(cell)))]
if faults:
    sys.exit(f"{arguments.notebook}: found other figures\n" + "\n".join(faults))
print(f"{arguments.notebook}: {len(cells)} code cells in {seconds:.0f} s; the figures of {len(tagged)} are those of the repository")
