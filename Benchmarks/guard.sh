#!/bin/bash
# Counts the instructions of a small fixed training step, of two evaluations (with exact and with approximate scores) and of reading
# a file, and compares them with the bounds stored beside this script. Fails when a count is more than 3% above its bound. Counts, unlike
# times, are the same on a busy machine.
#
#     Benchmarks/guard.sh              compares
#     Benchmarks/guard.sh --record     stores the current counts as the new bounds
#
# Needs a release build (`swift build -c release`) and valgrind. Valgrind does not support AVX-512, so the counts are those of the AVX2 code, or
# of the code for an older processor; there are bounds for each.
set -euo pipefail
cd "$(dirname "$0")/.."
foldin=${FOLDIN:-.build/release/foldin}
bounds=Benchmarks/guard-bounds.txt
tolerance=3
command -v valgrind > /dev/null || {
    echo "found no valgrind; expected it: Scripts/install-needs.sh installs it" >&2
    exit 1
}
[ -x "$foldin" ] || {
    echo "found no $foldin; expected a release build: swift build -c release" >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SWIFT_DETERMINISTIC_HASHING=1

# Valgrind 3.19 cannot read the compiler's debug information; the symbols are sufficient.
strip --strip-debug -o "$work/foldin" "$foldin"
foldin=$work/foldin

"$foldin" datasets make --users 400 --items 500 --mean-interactions 40 --seed 1 --out "$work/ratings.csv" > "$work/log" 2>&1
"$foldin" prepare "$work/ratings.csv" --held-out-users 100 --out "$work/data" >> "$work/log" 2>&1

# Enough users, and enough items for lists of five, so that approximate scores are used.
"$foldin" datasets make --users 1000 --items 500 --mean-interactions 40 --seed 1 --out "$work/more.csv" >> "$work/log" 2>&1
"$foldin" prepare "$work/more.csv" --held-out-users 300 --out "$work/more" >> "$work/log" 2>&1
"$foldin" train "$work/more" --epochs 1 --hidden 256 --latent 64 --threads 1 --out "$work/run" >> "$work/log" 2>&1

# count FUNCTION ARGUMENTS...: instructions inside the function, on one thread. The output of the command goes to $work/out.
count() {
    local function=$1
    shift
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect="$function" \
        "$foldin" "$@" --threads 1 > "$work/out" 2> "$work/err" || {
        cat "$work/err" >&2
        return 1
    }
    sed -n 's/.*Collected : *\([0-9]*\).*/\1/p' "$work/err"
}

bench=(bench data "$work/data" --steps 1 --warm-up 0 --batch-size 64 --hidden 256 --latent 64 --evaluations 1 --recommendations 1 --seed 1 --json)
step=$(count '*18AutoencoderSessionC3run*' "${bench[@]}")
kernels=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["matrices"].replace(" ", "-"))' "$work/out")
evaluation=$(count '*9EvaluatorV11userMetrics*' "${bench[@]}")
ranking=$(count '*9EvaluatorV11userMetrics*' evaluate "$work/run/model.safetensors" "$work/more" --metrics ndcg@5)
reading=$(count '*7RatingsV10contentsOf*' bench read "$work/ratings.csv" --rounds 1)

if [ "${1:-}" = --record ]; then
    {
        echo "# work, matrix kernels under valgrind, instructions; written by guard.sh --record"
        [ ! -f "$bounds" ] || awk -v kernels="$kernels" '!/^#/ && $2 != kernels' "$bounds"
        printf 'step %s %s\nevaluation %s %s\nranking %s %s\nreading %s %s\n' \
            "$kernels" "$step" "$kernels" "$evaluation" "$kernels" "$ranking" "$kernels" "$reading"
    } > "$work/new"
    cp "$work/new" "$bounds"
fi

failed=0
for name in step evaluation ranking reading; do
    found=${!name}
    # The function of another name would never be entered.
    if [ "${found:-0}" -eq 0 ]; then
        echo "$name: found no instructions; expected those of a function, whose name may have changed" >&2
        failed=1
        continue
    fi
    bound=$(awk -v name="$name" -v kernels="$kernels" '$1 == name && $2 == kernels { print $3 }' "$bounds")
    if [ -z "$bound" ]; then
        echo "$name: $found instructions with $kernels; found no bound for these kernels, expected one in $bounds (guard.sh --record)" >&2
        failed=1
        continue
    fi
    awk -v name="$name" -v found="$found" -v bound="$bound" -v tolerance="$tolerance" 'BEGIN {
        change = 100 * (found / bound - 1)
        verdict = change > tolerance ? "SLOWER" : change < -tolerance ? "faster: record the new bound" : "as before"
        printf "%-10s %12d instructions, bound %12d, %+.2f%%: %s\n", name, found, bound, change, verdict
        exit change > tolerance
    }' || failed=1
done
exit $failed
