#!/bin/sh
# Reads and parses a ratings file of 20 million rows, and counts its lines with `wc -l`, alternately, in rounds. The file is in memory.
#
#     Benchmarks/read.sh [ROUNDS] [THREADS] [RATINGS.csv] [RESULT.json]
#
# Foldin's time is from opening the file to columns of numbered users, items and ratings (`foldin bench read`); `wc -l` is timed as a
# process. Without RATINGS.csv a file is generated. Needs a release build.
set -eu
rounds=${1:-5} threads=${2:-2} ratings=${3:-} result=${4:-/dev/null}
cd "$(dirname "$0")/.."
foldin=${FOLDIN:-.build/release/foldin}
python=${FOLDIN_PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
if [ -z "$ratings" ]; then
    ratings=$work/ratings.csv
    "$foldin" datasets make --users 138493 --items 26744 --mean-interactions 144.413 --seed 98765 --out "$ratings" > /dev/null 2>&1
fi
cat > "$work/wc.py" << 'PYTHON'
import json, subprocess, sys, time
began = time.perf_counter()
subprocess.run(["wc", "-l", sys.argv[1]], check=True, stdout=subprocess.DEVNULL)
print(json.dumps({"seconds": time.perf_counter() - began}))
PYTHON
wc -lc "$ratings"
"$foldin" bench read "$ratings" --rounds 3 --threads "$threads"
# At most 3 times as long: wc -l takes at least a third.
"$python" Benchmarks/alternate.py "$rounds" 0.3333 "foldin bench read" "'$foldin' bench read '$ratings' --rounds 1 --threads $threads --json" \
    "wc -l" "'$python' '$work/wc.py' '$ratings'" --inside --json "$result"
