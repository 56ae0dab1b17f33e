#!/bin/bash
# Counts the allocations per recommendation: valgrind counts those of the command with 1,100 and with 100 recommendations; the difference is
# divided by 1,000.
#
#     Benchmarks/allocations.sh
#
# Needs a release build and valgrind. The timing loop itself stores one number per recommendation, in an array that doubles.
set -euo pipefail
cd "$(dirname "$0")/.."
foldin=${FOLDIN:-.build/release/foldin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$foldin" datasets make --users 400 --items 1000 --mean-interactions 40 --seed 1 --out "$work/ratings.csv" > "$work/log" 2>&1
"$foldin" prepare "$work/ratings.csv" --held-out-users 100 --out "$work/data" >> "$work/log" 2>&1
strip --strip-debug -o "$work/foldin" "$foldin" # Valgrind 3.19 cannot read the compiler's debug information
allocations() {
    SWIFT_DETERMINISTIC_HASHING=1 valgrind --tool=memcheck --leak-check=no "$work/foldin" bench data "$work/data" --steps 1 --warm-up 0 --batch-size 20 \
        --hidden 16 --latent 8 --evaluations 1 --threads 1 --recommendations "$1" 2>&1 > "$work/out" |
        sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' | tr -d ,
}
few=$(allocations 100) # the 32nd creates the rounded weights
many=$(allocations 1100)
echo "$few allocations with 100 recommendations, $many with 1100: $(awk -v f="$few" -v m="$many" 'BEGIN { printf "%.3f", (m - f) / 1000 }') each"
awk -v f="$few" -v m="$many" 'BEGIN { exit m - f >= 100 }' || {
    echo "expected none except those of the timing loop (fewer than 100 in 1,000 recommendations)" >&2
    exit 1
}
