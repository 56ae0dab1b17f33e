#!/bin/sh
# Evaluates 10,000 users at 20,108 items with Foldin and with PyTorch and NumPy alternately, in rounds; checks that the metrics agree.
#
#     Benchmarks/evaluate.sh [ROUNDS] [THREADS] [RESULT.json]
#
# NDCG@100, Recall@20 and Recall@50; the time includes the forward pass but not reading files. Synthetic data, a model of two epochs. Needs a
# release build and, in $FOLDIN_PYTHON (default python3), numpy, scipy, torch and safetensors.
set -eu
rounds=${1:-5} threads=${2:-2} result=${3:-/dev/null}
cd "$(dirname "$0")/.."
foldin=${FOLDIN:-.build/release/foldin}
python=${FOLDIN_PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
"$foldin" datasets make --users 45000 --items 20108 --mean-interactions 73 --seed 98765 --out "$work/ratings.csv" > /dev/null 2>&1
"$foldin" prepare "$work/ratings.csv" --held-out-users 10000 --out "$work/data"
rm "$work/ratings.csv"
"$foldin" train "$work/data" --epochs 2 --threads "$threads" --out "$work/run" > /dev/null 2>&1
model=$work/run/model.safetensors
ours="'$foldin' bench data '$work/data' --trained '$model' --evaluations 1 --recommendations 1 --threads $threads --json"
theirs="'$python' Benchmarks/numpy_evaluate.py '$model' '$work/data' --threads $threads"
sh -c "$ours" > "$work/ours.json"
sh -c "$theirs" > "$work/theirs.json"
"$python" - "$work" << 'PYTHON'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
ours = {name: value["mean"] for name, value in json.loads((work / "ours.json").read_text())["evaluation"]["metrics"].items()}
theirs = json.loads((work / "theirs.json").read_text())["metrics"]
for name, value in theirs.items():
    print(f"{name:12} foldin {ours[name]:.6f}, numpy {value:.6f}")
    if abs(ours[name] - value) > 2e-4:
        sys.exit(f"found metrics that differ; expected the same but for near ties: {name}")
PYTHON
"$python" Benchmarks/alternate.py "$rounds" 8 "foldin evaluate" "$ours" "torch and numpy" "$theirs" --inside --json "$result"
