#!/bin/sh
# Times a training step of Foldin and of PyTorch alternately, in rounds, and prints medians, spreads and ratios.
#
#     Benchmarks/compare.sh [ROUNDS] [THREADS]
#
# Needs a release build (`swift build -c release`) and, in $FOLDIN_PYTHON (default python3), numpy and torch for the CPU. The rows in
# bfloat16 need a processor that supports it (`foldin doctor`).
set -eu
rounds=${1:-5}
threads=${2:-2}
cd "$(dirname "$0")/.."
foldin=${FOLDIN:-.build/release/foldin}
python=${FOLDIN_PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

echo "$(date +%F), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $threads threads, $rounds rounds"
"$foldin" doctor | grep -E '^(instructions|matrix products|training in)' || true
"$python" -c 'import torch; print("torch", torch.__version__)'
precisions="fp32"
if "$foldin" doctor | grep -q '^training in.*bf16'; then precisions="fp32 bf16"; fi

# items, mean interactions, batch
for shape in "20108 73 500" "50049 14 512"; do
    # shellcheck disable=SC2086
    set -- $shape
    "$foldin" datasets make --users 20000 --items "$1" --mean-interactions "$2" --seed 98765 --out "$work/ratings.csv" >/dev/null 2>&1
    peer() {
        "$python" Benchmarks/pytorch_peer.py "$work/ratings.csv" --items "$1" --batch "$2" --mode "$3" --precision "$4" --steps 10 \
            --threads "$threads" >>"$work/$3-$4.jsonl"
    }
    for round in $(seq "$rounds"); do
        peer "$1" "$3" eager fp32
        for precision in $precisions; do
            "$foldin" bench step --users 20000 --items "$1" --mean-interactions "$2" --batch-size "$3" --steps 15 \
                --threads "$threads" --precision "$precision" --json >>"$work/foldin-$precision.jsonl"
            peer "$1" "$3" best "$precision"
        done
        echo "round $round of $rounds" >&2
    done
    echo
    echo "$1 items, $2 interactions per user, batches of $3"
    "$python" - "$work" <<'PYTHON'
import json, pathlib, statistics, sys
work = pathlib.Path(sys.argv[1])
labels = {"foldin-fp32": "Foldin fp32", "foldin-bf16": "Foldin bf16", "eager-fp32": "PyTorch eager fp32",
          "best-fp32": "PyTorch best fp32", "best-bf16": "PyTorch best bf16"}
times = {name: [json.loads(line)["median_ms"] for line in (work / f"{name}.jsonl").read_text().splitlines()]
         for name in labels if (work / f"{name}.jsonl").exists()}
medians = {name: statistics.median(values) for name, values in times.items()}
own = [name for name in times if name.startswith("foldin")]
print(" " * 47 + "".join(f"  to {labels[name]}" for name in own))
for name, values in times.items():
    ratios = "".join(f"{medians[name] / medians[mine]:15.2f}x" for mine in own)
    print(f"{labels[name]:18} {medians[name]:8.1f} ms  ({min(values):.1f} to {max(values):.1f})".ljust(47) + ratios)
PYTHON
    rm -f "$work"/*.jsonl
done
