#!/bin/sh
# Times a training step of Foldin and of PyTorch alternately, in rounds, and prints medians, spreads and ratios.
#
#     Benchmarks/compare.sh [ROUNDS] [THREADS]
#
# Needs a release build (`swift build -c release`) and, in $FOLDIN_PYTHON (default python3), numpy and torch for the CPU.
set -eu
rounds=${1:-5}
threads=${2:-2}
cd "$(dirname "$0")/.."
foldin=${FOLDIN:-.build/release/foldin}
python=${FOLDIN_PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

echo "$(date +%F), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $threads threads, $rounds rounds"
"$foldin" doctor | grep -E '^(instructions|matrix products)' || true
"$python" -c 'import torch; print("torch", torch.__version__)'

# items, mean interactions, batch
for shape in "20108 73 500" "50049 14 512"; do
    # shellcheck disable=SC2086
    set -- $shape
    "$foldin" datasets make --users 20000 --items "$1" --mean-interactions "$2" --seed 98765 --out "$work/ratings.csv" >/dev/null 2>&1
    for round in $(seq "$rounds"); do
        "$foldin" bench step --users 20000 --items "$1" --mean-interactions "$2" --batch-size "$3" --steps 15 \
            --threads "$threads" --json >>"$work/foldin.jsonl"
        for mode in eager best; do
            "$python" Benchmarks/pytorch_peer.py "$work/ratings.csv" --items "$1" --batch "$3" --mode "$mode" --steps 10 \
                --threads "$threads" >>"$work/$mode.jsonl"
        done
        echo "round $round of $rounds" >&2
    done
    echo
    echo "$1 items, $2 interactions a user, batches of $3"
    "$python" - "$work" <<'PYTHON'
import json, pathlib, statistics, sys
work = pathlib.Path(sys.argv[1])
medians = {}
for name in ("foldin", "eager", "best"):
    values = [json.loads(line)["median_ms"] for line in (work / f"{name}.jsonl").read_text().splitlines()]
    medians[name] = statistics.median(values)
    label = {"foldin": "Foldin", "eager": "PyTorch eager", "best": "PyTorch best"}[name]
    print(f"{label:14} {medians[name]:8.1f} ms  ({min(values):.1f} to {max(values):.1f})  {medians[name] / medians['foldin']:5.2f}x")
PYTHON
    rm -f "$work"/*.jsonl
done
