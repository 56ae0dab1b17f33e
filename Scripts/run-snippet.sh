#!/bin/bash
# Runs the release build of Examples/FiveMinutes/main.swift on a small synthetic ratings file and checks its output.
#
#     Scripts/run-snippet.sh
set -euo pipefail
cd "$(dirname "$0")/.."
release="$PWD/.build/release"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
"$release/foldin" datasets make --users 2000 --items 500 --mean-interactions 30 --out ratings.csv
"$release/FiveMinutes" | tee output
fail() {
    echo "the snippet: found $1; expected $2" >&2
    exit 1
}
[ "$(grep -c '^epoch ' output)" -ge 1 ] || fail "no line of an epoch" "one line per epoch"
grep -q '^ndcg@100  *0\.[0-9]* ± ' output || fail "no line of ndcg@100" "the test metrics"
[ "$(tail -n 10 output | grep -cE '^[0-9]+ -?[0-9.]+$')" = 10 ] || fail "other last lines" "ten items and their scores"
[ -s model.safetensors ] || fail "no model.safetensors" "the model file"
