#!/bin/bash
# From ratings to recommendations with the release build of the command: prints each step, then runs it.
#
#     Scripts/demo.sh [ml-1m|ml-100k|synthetic]      (by default the first of them that is available)
#
# Everything is written under .foldin/. A second run replaces the first.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.build/release:$PATH"
demo=.foldin/demo
mkdir -p "$demo"

say() { printf '\n# %s\n' "$*"; }
show() {
    local word
    printf '$'
    for word; do
        case $word in
            *[!A-Za-z0-9_./,:=@%+-]* | "") printf ' %q' "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@"
}

answer=$(Scripts/demo-data.sh foldin .foldin/data "${1:-any}")
{ read -r which && read -r ratings && read -r titles && read -r held_out; } <<< "$answer"
say "The data: $which"

say "Ratings above 3.5 count as liked. $held_out users are held out for validation and $held_out more for the test."
show foldin prepare "$ratings" ${titles:+--titles "$titles"} --rating-above 3.5 --held-out-users "$held_out" --out "$demo/prepared" --overwrite

say "Train Mult-VAE, the paper's network of 200 and 600 units; the epoch with the best validation NDCG@100 is kept."
show foldin train "$demo/prepared" --model mult-vae --out "$demo/run" --overwrite

say "Evaluate it on the $held_out test users, who were not in the training data."
show foldin evaluate "$demo/run/model.safetensors" "$demo/prepared" --on test --metrics ndcg@100,recall@20,recall@50,coverage

case $which in
    "MovieLens 1M"*) liked=260,1196,1198,2571,541 ;;
    "MovieLens 100K"*) liked=50,172,174,96,135 ;;
    *) liked=$(tail -n +2 "$demo/prepared/train.csv" | cut -d, -f2 | sort | uniq -c | sort -rn | head -5 \
        | while read -r _ index; do sed -n "$((index + 1))p" "$demo/prepared/unique_sid.txt"; done | paste -sd,) ;;
esac
say "Recommend items to a new user, who is not in the training data and likes:"
if [ -n "$titles" ]; then
    tr , '\n' <<< "$liked" | while read -r id; do
        index=$(($(grep -nxF "$id" "$demo/prepared/unique_sid.txt" | cut -d: -f1) - 1))
        sed -n "s/^$index,/#   /p" "$demo/prepared/titles.csv" | tr -d '"'
    done
else
    echo "#   items $liked"
fi
show foldin recommend "$demo/run/model.safetensors" --history "$liked" --top 10
