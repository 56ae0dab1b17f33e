#!/bin/bash
# Finds or generates the ratings of the demo and prints four lines: the name of the data, the ratings file, the titles file, the number of
# held-out users.
#
#     Scripts/demo-data.sh FOLDIN DIRECTORY [ml-1m|ml-100k|synthetic]
#
# It tries in this order: MovieLens 1M from $FOLDIN_DATASETS, from an earlier run, or from its publisher; MovieLens 100K from the Python
# package recbole; a synthetic set. The last argument selects one of them. Progress is printed on standard error.
set -euo pipefail
foldin=$1 data=$2 requested=${3:-any}
mkdir -p "$data"

# Whether the publisher answers within a few seconds.
publisher_answers() {
    local host
    host=$("$foldin" datasets list --json | sed -n 's|.*"address":"https://\([^/]*\)/[^"]*ml-1m.zip".*|\1|p')
    [ -n "$host" ] && timeout 4 bash -c ": < /dev/tcp/$host/443" 2> /dev/null
}

ml_1m() {
    local found="$data/ml-1m"
    [ -d "${FOLDIN_DATASETS:-/nonexistent}/ml-1m" ] && found="$FOLDIN_DATASETS/ml-1m"
    if [ ! -d "$found" ]; then
        publisher_answers || return 1
        timeout 120 "$foldin" datasets fetch ml-1m --out "$data/ml-1m" >&2 || return 1
    fi
    local ratings="$found/ratings.csv"
    [ -f "$ratings" ] || ratings="$found/ratings.dat"
    [ -f "$ratings" ] && [ -f "$found/movies.dat" ] || return 1
    printf '%s\n' "MovieLens 1M (GroupLens)" "$ratings" "$found/movies.dat" 600
}

ml_100k() {
    local found="$data/ml-100k-recbole" part="$data/ml-100k-recbole.$$.tmp"
    if [ ! -d "$found" ]; then
        rm -rf "$part"
        mkdir -p "$part"
        if ! { python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$part" recbole==1.2.1 \
            && unzip -q -j "$part"/recbole-*.whl '*/ml-100k.inter' '*/ml-100k.item' -d "$part"; } >&2; then
            rm -rf "$part"
            return 1
        fi
        rm "$part"/recbole-*.whl
        mv "$part" "$found"
    fi
    printf '%s\n' "MovieLens 100K (GroupLens), from the Python package recbole" \
        "$found/ml-100k.inter" "$found/ml-100k.item" 100
}

synthetic() {
    local made="$data/synthetic.csv"
    "$foldin" datasets make --users 4000 --items 1500 --mean-interactions 60 --out "$made" >&2
    printf '%s\n' "a synthetic set without titles" "$made" "" 400
}

case $requested in
    any)
        ml_1m && exit
        echo "MovieLens 1M is not available; trying MovieLens 100K" >&2
        ml_100k && exit
        echo "MovieLens 100K is not available either; generating ratings" >&2
        synthetic
        ;;
    ml-1m) ml_1m ;;
    ml-100k) ml_100k ;;
    synthetic) synthetic ;;
    *)
        echo "found '$requested'; expected ml-1m, ml-100k or synthetic" >&2
        exit 64
        ;;
esac
