#!/bin/bash
# Runs libFuzzer on the parsers of requests, model files, ratings, titles, histories, checkpoints and prepared directories, and on the service's
# answers: no input may make them trap, hang or use unlimited memory.
#
#     Fuzz/run.sh [INPUTS [TARGET...]]        (a million for each target; the input of a crash is in Fuzz/.build/inputs)
#
# For Linux with the toolchain from swift.org.
set -euo pipefail
cd "$(dirname "$0")"
runs=${1:-1000000}
options=(-c release -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld -Xcc -fsanitize=fuzzer-no-link)
swift build "${options[@]}"
fuzz=$(swift build "${options[@]}" --show-bin-path)/FoldinFuzz
# The crash handler of the runtime would prevent libFuzzer from seeing crashes.
export SWIFT_BACKTRACE=enable=no
mkdir -p .build/inputs
"$fuzz" seeds .build/inputs/seeds
shift || true
[ $# -gt 0 ] || set -- messages models delimited json titles histories checkpoints prepared answers
for target in "$@"; do
    mkdir -p ".build/inputs/$target" ".build/inputs/seeds/$target"
    longest=4096
    # The header of a checkpoint alone can have this length.
    [ "$target" != checkpoints ] || longest=8192
    "$fuzz" $target -runs="$runs" -max_len=$longest -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix=".build/inputs/" ".build/inputs/$target" ".build/inputs/seeds/$target" &
    process=$! status=0
    wait $process || status=$?
    # libFuzzer ends the process without notifying the program.
    rm -rf "/dev/shm/foldin-fuzz-$process" "/dev/shm/foldin-fuzz-$process-prepared"
    [ "$status" = 0 ] || exit "$status"
    echo "$target: $runs inputs, no crash"
done
