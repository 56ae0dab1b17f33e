#!/bin/bash
# Kills a training with SIGKILL at random times, resumes it each time, and compares the result with that of an uninterrupted
# run: the model must have the same bytes, and so must the history except for the seconds.
#
#     Scripts/killed-runs.sh [KILLS] [DIR]      (by default 20, and a synthetic dataset; DIR: a prepared directory)
#
# FOLDIN is the command (.build/release/foldin), SEED the seed of the random times, PYTHON an interpreter with tensorboard that then reads
# the events. Each case below is a separate training.
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-20}
foldin=${FOLDIN:-.build/release/foldin}
RANDOM=${SEED:-1}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

data=${2:-$folder/data}
if [ ! -d "$data" ]; then
    "$foldin" datasets make --users 1500 --items 400 --mean-interactions 20 --out "$folder/ratings.csv" >"$folder/log" 2>&1
    "$foldin" prepare "$folder/ratings.csv" --held-out-users 200 --out "$data" >>"$folder/log" 2>&1
fi

check() {
    local name=$1
    shift
    local options=(train "$data" --latent 16 --hidden 32 --batch-size 100 --checkpoint-every 0 "$@")
    local began took killed=0 restarts=0 late=0
    began=$(date +%s%N)
    "$foldin" "${options[@]}" --out "$folder/$name" >>"$folder/log" 2>&1
    took=$((($(date +%s%N) - began) / 1000000))
    local out=$folder/$name-killed
    while [ "$killed" -lt "$kills" ]; do
        if finished "$out"; then
            # It ended before it was killed: compare it and start again.
            compare "$folder/$name" "$out"
            rm -rf "$out"
            restarts=$((restarts + 1))
        fi
        "$foldin" "${options[@]}" --out "$out" --resume >>"$folder/log" 2>&1 &
        # A fifth of an uninterrupted run on average, so that kills reach all parts of it.
        local child=$! status=0 instant=$((RANDOM * took * 2 / 5 / 32768))
        sleep "$(printf '%d.%03d' $((instant / 1000)) $((instant % 1000)))"
        kill -KILL "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || status=$?
        if [ "$status" = 137 ]; then
            killed=$((killed + 1))
            [ ! -e "$out/checkpoint.safetensors" ] || late=$((late + 1))
        elif [ "$status" != 0 ]; then
            echo "$name: status $status" >&2
            tail -5 "$folder/log" >&2
            exit 1
        fi
    done
    finished "$out" || "$foldin" "${options[@]}" --out "$out" --resume >>"$folder/log" 2>&1
    compare "$folder/$name" "$out"
    if [ -n "${PYTHON:-}" ]; then "$PYTHON" Tests/Reference/tensorboard_reference.py "$out"; fi
    echo "$name: $killed kills ($late with a checkpoint to resume from, $restarts runs ended before their kill); uninterrupted $took ms; same model, same history"
}

finished() { [ -e "$1/run.json" ] && [ ! -e "$1/checkpoint.safetensors" ]; }

compare() {
    cmp "$1/model.safetensors" "$2/model.safetensors"
    local file
    for file in history.jsonl anneal-search.jsonl; do
        [ -e "$1/$file" ] || continue
        cmp <(sed -E 's/"seconds":[^,}]*//' "$1/$file") <(sed -E 's/"seconds":[^,}]*//' "$2/$file")
    done
    [ -z "$(find "$2" -name '*.tmp')" ] || { echo "temporary files in $2" >&2; exit 1; }
}

check vae --epochs 40 --patience 0
check rec-vae --preset shenbin-recvae --epochs 8 --patience 0
check dae-plateau --model mult-dae --epochs 40 --patience 0 --learning-rate-schedule plateau --plateau-patience 1 --stop-on loss --evaluate-every 2
check vae-plateau-search --epochs 20 --patience 4 --learning-rate-schedule plateau --plateau-patience 1 --anneal-cap search
