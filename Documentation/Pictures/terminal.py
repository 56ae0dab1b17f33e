#!/usr/bin/env python3
"""Runs commands, records when each line of their output appears, and draws the recording as an animated SVG without scripts.

    Documentation/Pictures/terminal.py [--speed N] OUT.svg COMMAND... (N: how many times faster than recorded; default 1)

Documentation/Pictures/terminal.svg is that of the README's commands, with MovieLens 1M in ml-1m. The picture has the last ROWS lines of the
output; where a system asks for reduced motion it shows the end.
"""

import html
import subprocess
import sys
import time

ROWS, COLUMNS, LINE, WIDTH = 22, 92, 17, 760

arguments = sys.argv[1:]
speed = 1.0
if arguments[0] == "--speed":
    speed = float(arguments[1])
    arguments = arguments[2:]
out, *commands = arguments

lines, began = [], time.monotonic()  # (seconds, text, whether it is a command)
for command in commands:
    lines.append((time.monotonic() - began, "$ " + command, True))
    process = subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        lines.append((time.monotonic() - began, line.rstrip().split("\r")[-1].expandtabs(), False))
    if process.wait():
        sys.exit(f"found status {process.returncode} of '{command}'; expected 0")
end = time.monotonic() - began
pause, step = 4.0, 0.45  # seconds at the end; before and after a command, so that it can be read

shown, shift = [], 0.0
for seconds, text, is_command in lines:
    if is_command:
        shift += step
    shown.append((seconds / speed + shift, text[:COLUMNS], is_command))
    if is_command:
        shift += step
total = end / speed + shift + pause

rows, scroll = [], []
for number, (at, text, is_command) in enumerate(shown):
    kind = ' class="c"' if is_command else ""
    rows.append(f'<text{kind} y="{(number + 1) * LINE}" style="animation-name:l{number}">{html.escape(text)}</text>')
    scroll.append((at / total, max(0, number + 1 - ROWS) * LINE))
keyframes = "".join(
    f"@keyframes l{number}{{0%,{at / total:.3%}{{opacity:0}}{min(at / total + 1e-5, 1):.3%},100%{{opacity:1}}}}"
    for number, (at, _, _) in enumerate(shown))
moves, last = "0%{transform:translateY(0)}", 0
for share, offset in scroll:
    if offset != last:
        moves += f"{share:.3%}{{transform:translateY(-{offset}px)}}"
        last = offset
moves += f"100%{{transform:translateY(-{last}px)}}"
style = f"""
text{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d8dee9;white-space:pre;animation:l0 {total:.2f}s step-end infinite}}
.c{{fill:#8fd3a8;font-weight:600}}
#r{{animation:m {total:.2f}s step-end infinite}}
@keyframes m{{{moves}}}
{keyframes}
@media (prefers-reduced-motion:reduce){{text{{animation:none}}#r{{animation:none;transform:translateY(-{last}px)}}}}
"""
height = ROWS * LINE + 24
with open(out, "w") as file:
    file.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>{html.escape('; '.join(commands))}</title>\n<style>{style}</style>\n"
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#1f2430"/>\n'
        f'<clipPath id="k"><rect x="0" y="8" width="{WIDTH}" height="{ROWS * LINE + 8}"/></clipPath>\n'
        f'<g clip-path="url(#k)"><g transform="translate(14 8)"><g id="r">\n' + "\n".join(rows) + "\n</g></g></g>\n</svg>\n")
print(f"{out}: {len(lines)} lines in {end:.1f} s, shown in {total:.1f} s")
