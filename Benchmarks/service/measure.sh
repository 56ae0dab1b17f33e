#!/bin/bash
# Requests a second and waiting times of foldin serve and of the FastAPI + PyTorch peer, in turns, on one machine.
#
#     measure.sh FOLDIN MODEL IDS PYTHON [SECONDS]
#
# IDS: the item ids, one a line (unique_sid.txt of the prepared directory). PYTHON: one with peer.py's packages. Histories of 30 ids, top 100.
# Needs Debian's wrk. wrk has no rate of its own: "half load" is the fewest connections that reach half of the throughput or more.
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
load() { # port, connections
    wrk -t1 -c"$2" -d"${seconds}s" --latency -s "$here/load.lua" "http://127.0.0.1:$1/v1/recommendations" |
        awk -v name="$3" -v c="$2" '/50%/ { half = $2 } /99%/ { most = $2 } /requests in/ { n = $1 } /Non-2xx/ { bad = $NF }
            /Requests\/sec/ { rate = $2 } END { printf "%s  %3d connections: %s requests, %s/s, p50 %s, p99 %s, not 200: %d\n", name, c, n, rate, half, most, bad }'
}
for round in 1 2; do
    for connections in 1 4 16 32 64; do load 18090 $connections foldin; done
    for connections in 1 4 16; do load 18091 $connections peer; done
done
