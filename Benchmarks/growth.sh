#!/bin/bash
# Growth of the cost: step time against items and against interactions per user, preparation against rows; each with its fitted exponent.
#
#     Benchmarks/growth.sh [ROUNDS] [THREADS] [RESULT FOLDER] [PICTURE FOLDER]
#
# Writes items.txt, interactions.txt and rows.txt (two columns: size, milliseconds) to RESULT FOLDER and growth-*.svg to PICTURE FOLDER, by
# default the temporary directory. The exponent is the slope of a straight line fitted to the logarithms by least squares. Needs a
# release build, python3 and gnuplot; about 4 GB of memory for 200,000 items.
set -euo pipefail
rounds=${1:-3} threads=${2:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
results=${3:-$work} pictures=${4:-$work}
mkdir -p "$results" "$pictures"
results=$(cd "$results" && pwd) pictures=$(cd "$pictures" && pwd)
cd "$(dirname "$0")/.."
foldin=${FOLDIN:-.build/release/foldin}
python=${FOLDIN_PYTHON:-python3}

# step ITEMS INTERACTIONS: milliseconds of a training step.
step() {
    "$foldin" bench step --users 4000 --items "$1" --mean-interactions "$2" --steps 8 --warm-up 2 --threads "$threads" --json |
        "$python" -c 'import json, sys; print(json.load(sys.stdin)["median_ms"])'
}

# prepare FILE: milliseconds of the whole command.
prepare() {
    local began ended
    began=$(date +%s%N)
    "$foldin" prepare "$1" --rating-above 3.5 --held-out-users 100 --threads "$threads" --out "$work/prepared" --overwrite > "$work/log"
    ended=$(date +%s%N)
    awk -v ns=$((ended - began)) 'BEGIN { printf "%.1f\n", ns / 1e6 }'
}

for users in 3464 6928 17320 34640 69280 138560; do
    "$foldin" datasets make --users $users --items 26744 --mean-interactions 144.413 --seed 98765 --out "$work/$users.csv" > "$work/log" 2>&1
done
for _ in $(seq "$rounds"); do
    for items in 5000 10000 20000 50000 100000 200000; do echo "$items $(step $items 50)" >> "$work/items"; done
    for interactions in 10 20 50 100 200 500; do echo "$interactions $(step 20108 $interactions)" >> "$work/interactions"; done
    for users in 3464 6928 17320 34640 69280 138560; do
        echo "$(($(wc -l < "$work/$users.csv") - 1)) $(prepare "$work/$users.csv")" >> "$work/rows"
    done
done

# fit NAME: medians by size to the results, the exponent to standard output.
fit() {
    "$python" - "$work/$1" "$results/$1.txt" << 'PYTHON'
import collections, math, statistics, sys
times = collections.defaultdict(list)
for line in open(sys.argv[1]):
    size, milliseconds = line.split()
    times[int(size)].append(float(milliseconds))
points = [(size, statistics.median(found)) for size, found in sorted(times.items())]
x = [math.log(size) for size, _ in points]
y = [math.log(milliseconds) for _, milliseconds in points]
middle_x, middle_y = statistics.mean(x), statistics.mean(y)
slope = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y)) / sum((a - middle_x) ** 2 for a in x)
factor = math.exp(middle_y - slope * middle_x)
with open(sys.argv[2], "w") as file:
    file.write(f"# milliseconds = {factor:.6g} * size ^ {slope:.3f}, by least squares on the logarithms\n")
    file.writelines(f"{size} {milliseconds:.1f}\n" for size, milliseconds in points)
print(f"{factor:.6g} {slope:.3f}")
PYTHON
}

# plot NAME LABEL TITLE
plot() {
    local name=$1 label=$2 title=$3 factor exponent
    read -r factor exponent <<< "$(fit "$name")"
    echo "$title: time ~ size ^ $exponent"
    gnuplot << GNUPLOT
set terminal svg size 640,420 font "sans-serif,13" background "white"
set output "$pictures/growth-$name.svg"
set logscale xy
set grid
set key top left
set xlabel "$label"
set ylabel "milliseconds"
set title "$title"
plot "$results/$name.txt" using 1:2 with points pointtype 7 pointsize 0.9 linecolor "#1f77b4" title "measured", \
    $factor * x ** $exponent with lines linewidth 1.5 linecolor "#ff7f0e" title "size^{$exponent}"
GNUPLOT
}

plot items "items" "Step, 50 interactions per user, batches of 500"
plot interactions "interactions per user" "Step, 20,108 items, batches of 500"
plot rows "rows" "foldin prepare"
