#!/bin/bash
# Runs the release build of the command from ratings to recommendations and checks its output. Prints one line per check, then the counts.
#
#     Scripts/end-to-end.sh [ml-1m|ml-100k|synthetic]      (by default ML-100K, or a synthetic set if it is not available)
set -euo pipefail
cd "$(dirname "$0")/.."
foldin="$PWD/.build/release/foldin"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
. Scripts/checks.sh

# exits STATUS COMMAND...: whether the command ends with that status and explains it on standard error only.
exits() {
    local expected=$1 status=0
    shift
    "$@" > "$place/out" 2> "$place/err" || status=$?
    cat "$place/err"
    [ "$status" = "$expected" ] && [ ! -s "$place/out" ] && grep -q 'found .*expected' "$place/err"
}

# holds FILE EXPRESSION: whether a Python expression is true; `d` is the JSON document in the file.
holds() {
    python3 - "$@" << 'PYTHON'
import json, sys
d = json.load(open(sys.argv[1]))
print(json.dumps(d)[:2000])
sys.exit(0 if eval(sys.argv[2]) else 1)
PYTHON
}

if [ $# -gt 0 ]; then
    answer=$(Scripts/demo-data.sh "$foldin" .foldin/data "$1")
else
    answer=$(Scripts/demo-data.sh "$foldin" .foldin/data ml-100k || Scripts/demo-data.sh "$foldin" .foldin/data synthetic)
fi
{ read -r which && read -r ratings && read -r titles && read -r held_out; } <<< "$answer"
echo "end to end on $which"
dir="$place/prepared" run="$place/run" model="$place/run/model.safetensors"

"$foldin" prepare "$ratings" ${titles:+--titles "$titles"} --rating-above 3.5 --held-out-users "$held_out" --out "$dir" --json \
    > "$place/prepare.json"
check "prepare --json is one document" holds "$place/prepare.json" 'isinstance(d, dict)'
for file in train.csv validation_tr.csv validation_te.csv test_tr.csv test_te.csv unique_sid.txt unique_uid.txt prepare.json; do
    check "prepare wrote $file" test -s "$dir/$file"
done
case $which in
    "MovieLens 100K"*) # the counts of a short NumPy program
        check "43606 training rows" test "$(wc -l < "$dir/train.csv")" = 43607
        check "1415 items" test "$(wc -l < "$dir/unique_sid.txt")" = 1415 ;;
    "MovieLens 1M"*)
        check "462827 training rows" test "$(wc -l < "$dir/train.csv")" = 462828
        check "3497 items" test "$(wc -l < "$dir/unique_sid.txt")" = 3497 ;;
esac
"$foldin" prepare "$ratings" ${titles:+--titles "$titles"} --rating-above 3.5 --held-out-users "$held_out" --out "$place/again" \
    > "$place/prepare.txt"
check "prepare names the sparsity" grep -q 'sparsity: ' "$place/prepare.txt"
check "prepare writes the same bytes twice" diff -r "$dir" "$place/again"

for family in mult-vae mult-dae; do
    "$foldin" train "$dir" --model $family --epochs 40 --out "$run-$family" --json > "$place/$family.json" 2> "$place/$family.log"
    check "$family: one line per epoch in history.jsonl" \
        test "$(wc -l < "$run-$family/history.jsonl")" -ge 10
    "$foldin" evaluate "$run-$family/model.safetensors" "$dir" --on test --json > "$place/report.json"
    floor=0.2 # synthetic clicks depend on the popularity of items only
    case $which in "MovieLens 100K"*) floor=0.42 ;; "MovieLens 1M"*) floor=0.37 ;; esac
    check "$family: test ndcg@100 above $floor" holds "$place/report.json" "d['metrics']['ndcg@100']['mean'] > $floor"
    check "$family: all test users are accounted for" holds "$place/report.json" "d['users'] + d['skipped_users'] == $held_out"
    check "$family: train's own test figures are evaluate's" \
        holds "$place/$family.json" "d['test'] == $(sed 's/null/None/g' "$place/report.json")"
done
mv "$run-mult-vae" "$run"

"$foldin" train "$dir" --epochs 3 --threads 1 --out "$place/one" > /dev/null 2>&1
"$foldin" train "$dir" --epochs 3 --threads 3 --out "$place/three" > /dev/null 2>&1
check "1 and 3 threads give the same model" cmp "$place/one/model.safetensors" "$place/three/model.safetensors"

history=$(head -n 5 "$dir/unique_sid.txt" | paste -sd,)
"$foldin" recommend "$model" --history "$history,no-such-item" --top 10 --json > "$place/recommend.json" 2> "$place/err"
check "exactly ten recommendations" holds "$place/recommend.json" 'len(d["items"]) == 10'
check "none of them in the history" \
    holds "$place/recommend.json" "not {i['item'] for i in d['items']} & set('$history'.split(','))"
check "the unknown id is reported" holds "$place/recommend.json" 'd["unknown"] == ["no-such-item"]'
if [ -n "$titles" ]; then
    check "all ten have titles" holds "$place/recommend.json" 'all(i["title"] for i in d["items"])'
fi
"$foldin" similar "$model" --item "${history%%,*}" --top 5 --json > "$place/similar.json"
check "five similar items, best first" holds "$place/similar.json" \
    'len(d) == 5 and [i["score"] for i in d] == sorted((i["score"] for i in d), reverse=True)'
check "doctor" "$foldin" doctor

check "no such ratings file: 66" exits 66 "$foldin" prepare "$place/none.csv" --out "$place/bad"
printf 'userId,movieId,rating\n1,2\n' > "$place/short.csv"
check "a row with too few columns: 65" exits 65 "$foldin" prepare "$place/short.csv" --out "$place/bad"
check "no partial output" test ! -e "$place/bad"
head -c 5000 "$model" > "$place/cut.safetensors"
check "a truncated model: 65" exits 65 "$foldin" recommend "$place/cut.safetensors" --history 1
check "a history without a known item: 65" exits 65 "$foldin" recommend "$model" --history no-such-item
status=0
"$foldin" recommend "$model" --history 1 --top 0 > /dev/null 2>&1 || status=$?
check "--top 0: 64" test "$status" = 64

summary
