#!/bin/bash
# Feeds the readers of requests, model files, ratings, titles, histories, checkpoints and prepared directories, and the service's answers, with
# what libFuzzer makes up: nothing may trap, hang or take memory without bound.
#
#     Fuzz/run.sh [INPUTS [TARGET...]]        (a million for each reader; a crash leaves its input in Fuzz/.build/inputs)
#
# For Linux with the toolchain from swift.org.
set -euo pipefail
cd "$(dirname "$0")"
runs=${1:-1000000}
options=(-c release -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld -Xcc -fsanitize=fuzzer-no-link)
swift build "${options[@]}"
fuzz=$(swift build "${options[@]}" --show-bin-path)/FoldinFuzz
# The runtime's own handler of crashes would take them from libFuzzer.
export SWIFT_BACKTRACE=enable=no
mkdir -p .build/inputs
"$fuzz" seeds .build/inputs/seeds
shift || true
[ $# -gt 0 ] || set -- messages models delimited json titles histories checkpoints prepared answers
for target in "$@"; do
    mkdir -p ".build/inputs/$target" ".build/inputs/seeds/$target"
    longest=4096
    # A checkpoint's header alone is as long.
    [ "$target" != checkpoints ] || longest=8192
    "$fuzz" $target -runs="$runs" -max_len=$longest -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix=".build/inputs/" ".build/inputs/$target" ".build/inputs/seeds/$target" &
    process=$! status=0
    wait $process || status=$?
    # libFuzzer ends the process without a word to the program.
    rm -rf "/dev/shm/foldin-fuzz-$process" "/dev/shm/foldin-fuzz-$process-prepared"
    [ "$status" = 0 ] || exit "$status"
    echo "$target: $runs inputs, no crash"
done
