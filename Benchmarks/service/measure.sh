#!/bin/bash
# Requests per second and latencies of foldin serve and of the FastAPI + PyTorch peer, alternately, on one machine.
#
#     measure.sh FOLDIN MODEL IDS PYTHON [SECONDS]
#
# IDS: the item ids, one per line (unique_sid.txt of the prepared directory). PYTHON: an interpreter with the packages of peer.py. Histories of 30 ids, top 100.
# Needs Debian's wrk. The half load is 32 connections that pause between requests, so that the rate is half of the best.
set -euo pipefail
foldin=$1 model=$2 python=$4 seconds=${5:-10}
export IDS=$3
here=$(dirname "$0")
"$foldin" serve "$model" --port 18090 --log-level warning & ours=$!
"$python" "$here/peer.py" "$model" 18091 & peer=$!
trap 'kill $ours $peer 2> /dev/null' EXIT
for port in 18090 18091; do
    until curl -s -o /dev/null -H 'Content-Type: application/json' -d '{"history":[]}' "localhost:$port/v1/recommendations"; do sleep 0.2; done
done
load() { # port, connections, name
    wrk -t1 -c"$2" -d"${seconds}s" --latency -s "$here/load.lua" "http://127.0.0.1:$1/v1/recommendations" |
        awk -v name="$3" -v c="$2" '/50%/ { half = $2 } /99%/ { most = $2 } /^Replies/ { replies = $0 } /Requests\/sec/ { rate = $2 }
            END { printf "%-11s %3d connections: %7.1f/s, p50 %s, p99 %s (%s)\n", name, c, rate, half, most, replies }' | tee -a "$log"
}
best() { awk -v name="$1" '$1 == name && $4 + 0 > best { best = $4 + 0 } END { print best }' "$log"; }
log=$(mktemp)
for round in 1 2; do
    for connections in 1 4 16 32 64; do load 18090 $connections foldin; done
    for connections in 1 4 16; do load 18091 $connections peer; done
    rate=$(best foldin)
    DELAY=$(awk -v r="$rate" 'BEGIN { print 32 / (r / 2) * 1000 - 3 }') load 18090 32 foldin-half
done
awk -v a="$(best foldin)" -v b="$(best peer)" 'BEGIN { printf "best: foldin %.1f/s, peer %.1f/s, ratio %.1f\n", a, b, a / b }'
