#!/bin/sh
# Prepares a ratings file of 20 million rows with Foldin and with pandas alternately, in rounds; checks that the files are the same.
#
#     Benchmarks/prepare.sh [ROUNDS] [THREADS] [RATINGS.csv] [RESULT.json]
#
# Without RATINGS.csv (userId,movieId,rating, integers as ids) a file is generated in the temporary directory: 316 MB. Needs a release build
# and, in $FOLDIN_PYTHON (default python3), pandas.
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
ours="'$foldin' prepare '$ratings' --rating-above 3.5 --held-out-users 10000 --threads $threads --out '$work/foldin' --overwrite"
theirs="'$python' Benchmarks/pandas_prepare.py '$ratings' '$work/pandas' --rating-above 3.5 --held-out-users 10000"
wc -lc "$ratings"
sh -c "$ours" > /dev/null
sh -c "$theirs"
for file in train.csv validation_tr.csv validation_te.csv test_tr.csv test_te.csv unique_sid.txt unique_uid.txt; do
    cmp "$work/foldin/$file" "$work/pandas/$file"
done
echo "both write the same files"
"$python" Benchmarks/alternate.py "$rounds" 15 "foldin prepare" "$ours" "pandas" "$theirs" --json "$result"
