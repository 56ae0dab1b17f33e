#!/bin/bash
# Kills `foldin train --overwrite` with SIGKILL while its run is served, and counts how often RUN/model.safetensors was missing
# or partial: for a reader that opens it repeatedly, for `foldin recommend`, and for a service that reloads it.
#
#     Scripts/kill-overwrite.sh [KILLS]      (by default 20; one to two minutes)
#
# FOLDIN is the command (.build/release/foldin), SEED the seed of the random times. Needs curl; listens on 127.0.0.1 only. Every second
# kill is sent while the new run replaces the old one. Exit status 1 if the model was ever missing or partial.
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-20}
foldin=${FOLDIN:-.build/release/foldin}
RANDOM=${SEED:-1}
port=$((20000 + $$ % 20000))
folder=$(mktemp -d)
children=()
cleanup() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
run=$folder/run
model=$run/model.safetensors

"$foldin" datasets make --users 800 --items 300 --mean-interactions 20 --out "$folder/ratings.csv" >"$folder/log" 2>&1
"$foldin" prepare "$folder/ratings.csv" --held-out-users 100 --out "$folder/data" >>"$folder/log" 2>&1
options=(train "$folder/data" --latent 32 --hidden 64 --batch-size 100 --epochs 20 --patience 0 --checkpoint-every 0.2)
began=$(date +%s%N)
"$foldin" "${options[@]}" --out "$run" >>"$folder/log" 2>&1
took=$((($(date +%s%N) - began) / 1000000))
item=$(head -1 "$folder/data/unique_sid.txt")

"$foldin" serve "$model" --port "$port" 2>>"$folder/service" &
children+=($!)
for ((try = 0; try < 100; try++)); do
    curl -sf "http://127.0.0.1:$port/health/ready" >/dev/null && break
    sleep 0.1
done
curl -sf "http://127.0.0.1:$port/health/ready" >/dev/null || { echo "the service does not answer" >&2; exit 1; }

# Reloads: 200 for a model that was loaded or is unchanged, 409 for one that is missing or partial.
(
    trap 'exit 0' TERM
    while :; do
        curl -s -o /dev/null -w '%{http_code}\n' -X POST "http://127.0.0.1:$port/v1/models:reload" >>"$folder/reloads" || true
        sleep 0.02
    done
) &
children+=($!)

# Each reading opens the file once: the ends of the header and of the last tensor must lie within the file.
whole() {
    local size length end
    exec 3<"$model" || return 1
    size=$(stat -Lc %s /proc/self/fd/3)
    length=$(od -An -tu8 -N8 <&3 | tr -d ' ')
    [ -n "$length" ] && [ "$length" -gt 0 ] && [ $((8 + length)) -le "$size" ] || return 1
    end=$(head -c "$length" <&3 | grep -o '"data_offsets":\[[0-9]*,[0-9]*\]' | sed 's/.*,//; s/]//' | sort -n | tail -1)
    [ $((8 + length + end)) = "$size" ]
}
(
    trap 'exit 0' TERM
    count=0
    while :; do
        if (whole) 2>/dev/null; then echo whole; else echo "missing or partial"; fi >>"$folder/readings"
        count=$((count + 1))
        if [ $((count % 20)) = 0 ]; then
            if "$foldin" recommend "$model" --history "$item" --top 1 >/dev/null 2>&1; then echo 0; else echo 1; fi >>"$folder/recommendations"
        fi
    done
) &
children+=($!)

killed=0 ended=0 replaced=0
seed=1
version() { { cat "$model" 2>/dev/null || true; } | sha256sum; }
while [ "$killed" -lt "$kills" ]; do
    before=$(version)
    # Every fifth training resumes the killed one before it; a run that had just finished has nothing to resume.
    how=--overwrite
    if [ $((killed % 5)) = 4 ]; then how=--resume; else seed=$((seed + 1)); fi
    "$foldin" "${options[@]}" --seed "$seed" --out "$run" "$how" >>"$folder/log" 2>&1 &
    child=$! status=0
    if [ $((killed % 2)) = 1 ]; then
        # run.json is the last file to be written; the renames follow.
        until [ -e "$run/unfinished-run/run.json" ] || [ -e "$run/finished-run" ] || ! kill -0 "$child" 2>/dev/null; do :; done
        for ((spin = RANDOM % 400; spin > 0; spin--)); do :; done
    else
        instant=$((RANDOM * took * 11 / 10 / 32768))
        sleep "$(printf '%d.%03d' $((instant / 1000)) $((instant % 1000)))"
    fi
    kill -KILL "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || status=$?
    case $status in
    137) killed=$((killed + 1)) ;;
    0) ended=$((ended + 1)) ;;
    66) [ "$how" = --resume ] || { echo "status 66" >&2; exit 1; }; killed=$((killed + 1)) ;;
    *)
        echo "status $status" >&2
        tail -5 "$folder/log" >&2
        exit 1
        ;;
    esac
    [ "$before" = "$(version)" ] || replaced=$((replaced + 1))
done
# The next training, which is not killed, removes the files that the last kill left.
"$foldin" "${options[@]}" --seed 99 --out "$run" --overwrite >>"$folder/log" 2>&1
left=$(ls -A "$run" | tr '\n' ' ')
sleep 0.3
curl -sf "http://127.0.0.1:$port/health/ready" >/dev/null || { echo "the service no longer answers" >&2; exit 1; }

count() { grep -c "$1" "$2" 2>/dev/null || true; }
bad=$(count missing "$folder/readings")
refused=$(grep -vc '^200$' "$folder/reloads" || true)
failed=$(count 1 "$folder/recommendations")
echo "$killed kills of train --overwrite (or of --resume after one), $ended trainings ended before their kill, $replaced of all replaced the model; without a kill $took ms"
echo "readings of the model: $(wc -l <"$folder/readings"), missing or partial: $bad"
echo "foldin recommend: $(wc -l <"$folder/recommendations"), failed: $failed"
echo "POST /v1/models:reload: $(wc -l <"$folder/reloads"), not 200: $refused; models loaded: $(count '"model loaded"' "$folder/service")"
echo "left in the run: $left"
if [ "$left" != "history.jsonl model.safetensors options.toml run.json tensorboard " ]; then exit 1; fi
[ "$bad" = 0 ] && [ "$refused" = 0 ] && [ "$failed" = 0 ]
