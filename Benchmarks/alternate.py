#!/usr/bin/env python3
"""Runs commands alternately, in rounds, and compares the time of each with that of the first.

    alternate.py ROUNDS LEAST NAME COMMAND NAME COMMAND [NAME COMMAND ...] [--json FILE] [--inside]

COMMANDs are run by the shell. The time is that of the whole process; with --inside, the `seconds`, `evaluation_seconds` or
`median_seconds` of the JSON document on the last line of the output. LEAST is the required ratio of the second command's time to the first's
(below 1 if the first may be slower); the last line says whether it was reached. Exits with 0 in both cases.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("rounds", type=int)
parser.add_argument("least", type=float)
parser.add_argument("pairs", nargs="+")
parser.add_argument("--json")
parser.add_argument("--inside", action="store_true")
options = parser.parse_args()
names, commands = options.pairs[::2], options.pairs[1::2]


def seconds_of(command):
    began = time.perf_counter()
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True)
    elapsed = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"found status {done.returncode}, expected 0: {command}")
    if not options.inside:
        return elapsed
    document = json.loads(done.stdout.strip().splitlines()[-1])
    return next(document[key] for key in ("seconds", "evaluation_seconds", "median_seconds") if isinstance(document.get(key), float))


times = {name: [] for name in names}
for number in range(options.rounds):
    for name, command in zip(names, commands):
        times[name].append(seconds_of(command))
    print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
first = statistics.median(times[names[0]])
for name in names:
    median = statistics.median(times[name])
    print(f"{name:32} {median:8.3f} s  ({min(times[name]):.3f} to {max(times[name]):.3f})  {median / first:6.2f}x")
ratio = statistics.median(times[names[1]]) / first
print(f"{names[1]} : {names[0]} = {ratio:.2f}, required at least {options.least:g}: {'reached' if ratio >= options.least else 'NOT REACHED'}")
if options.json:
    with open(options.json, "w") as file:
        json.dump({"rounds": options.rounds, "seconds": times, "ratio": ratio, "required": options.least}, file, indent=1)
