#!/bin/bash
# Builds Examples, a package that uses the library, runs FiveMinutes on a small synthetic ratings file and checks its output. Then checks
# that the library brought no further package.
#
#     Scripts/run-snippet.sh
set -euo pipefail
cd "$(dirname "$0")/.."
foldin="$PWD/.build/release/foldin" examples="$PWD/Examples"
swift build -c release --package-path "$examples"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
"$foldin" datasets make --users 2000 --items 500 --mean-interactions 30 --out ratings.csv
"$examples/.build/release/FiveMinutes" | tee output
fail() {
    echo "the snippet: found $1; expected $2" >&2
    exit 1
}
[ "$(grep -c '^epoch ' output)" -ge 1 ] || fail "no line of an epoch" "one line per epoch"
grep -q '^ndcg@100  *0\.[0-9]* ± ' output || fail "no line of ndcg@100" "the test metrics"
[ "$(tail -n 10 output | grep -cE '^[0-9]+ -?[0-9.]+$')" = 10 ] || fail "other last lines" "ten items and their scores"
[ -s model.safetensors ] || fail "no model.safetensors" "the model file"
others=$(ls "$examples/.build/checkouts" 2> /dev/null || true)
[ -z "$others" ] || fail "the packages $(paste -sd' ' <<< "$others")" "no package but foldin"
