#!/bin/bash
# Runs every benchmark in order and writes the output to Benchmarks/Results/DATE-MACHINE/.
#
#     Benchmarks/all.sh [ROUNDS] [THREADS] [MACHINE]
#
# ROUNDS is 5 by default. MACHINE is a word for the folder's name, by default the processor of this machine. Builds in release mode first. Needs
# $FOLDIN_PYTHON (default python3) with numpy, scipy, pandas, safetensors and torch for the CPU; valgrind; gnuplot. About 25 minutes on two
# cores with 5 rounds, and 4 GB of memory. Run nothing else at the same time. If a part fails the others still run; the last line names
# the failed ones.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
rounds=${1:-5} threads=${2:-2}
machine=${3:-$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1)}
machine=$(tr -cs 'A-Za-z0-9\n' '-' <<< "${machine:-machine}" | tr '[:upper:]' '[:lower:]' | sed 's/^-*//; s/-*$//')
results=$PWD/Benchmarks/Results/$(date +%F)-$machine
mkdir -p "$results"
export FOLDIN=${FOLDIN:-$PWD/.build/release/foldin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=

# part NAME COMMAND...: also writes the output to NAME.txt.
part() {
    local name=$1 began=$SECONDS
    shift
    printf '\n==> %s\n' "$*"
    "$@" 2> "$work/errors" | tee "$results/$name.txt"
    local status=${PIPESTATUS[0]}
    [ "$status" = 0 ] || {
        failed="$failed $name"
        tail -n 20 "$work/errors" | tee -a "$results/$name.txt"
    }
    echo "($((SECONDS - began)) s)"
}

make build || exit
swift build -c release --package-path Benchmarks || exit
part machine Benchmarks/machine.sh "$FOLDIN"
part step-and-parts Benchmarks/.build/release/FoldinBenchmarks --rounds "$rounds" --threads "$threads" --json "$results/step-and-parts.json"
part step-50049 Benchmarks/.build/release/FoldinBenchmarks --only-step --items 50049 --interactions 14 --batch-size 512 --rounds "$rounds" \
    --threads "$threads" --json "$results/step-50049.json"
part compare Benchmarks/compare.sh "$rounds" "$threads"
part evaluate Benchmarks/evaluate.sh "$rounds" "$threads" "$results/evaluate.json"
ratings=$work/ratings.csv
"$FOLDIN" datasets make --users 138493 --items 26744 --mean-interactions 144.413 --seed 98765 --out "$ratings" > /dev/null 2>&1
part read Benchmarks/read.sh "$rounds" "$threads" "$ratings" "$results/read.json"
part prepare Benchmarks/prepare.sh "$rounds" "$threads" "$ratings" "$results/prepare.json"
"$FOLDIN" prepare "$ratings" --rating-above 3.5 --held-out-users 10000 --out "$work/data" > /dev/null
rm "$ratings"
part own-data "$FOLDIN" bench data "$work/data" --threads "$threads"
part growth Benchmarks/growth.sh $(((rounds + 1) / 2)) "$threads" "$results" Documentation/Pictures
part guard Benchmarks/guard.sh
part allocations Benchmarks/allocations.sh
printf '\nresults: %s\nfailed:%s\n' "$results" "${failed:- nothing}"
[ -z "$failed" ]
