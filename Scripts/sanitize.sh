#!/bin/sh
# Runs all tests under a sanitizer, with an optimised build of their own in .build/SANITIZER. On two cores the build takes 10 to 20 minutes,
# the tests a quarter of an hour.
#
# The thread sanitizer does not know Swift's runtime. It reports a value that a continuation hands to another thread: the write is before
# `resume(returning:)`, the read after `await`. Such a report is false; a program with nothing but withCheckedContinuation has it too.
#
#     Scripts/sanitize.sh address|thread [arguments of swift test]
set -eu
cd "$(dirname "$0")/.."
case ${1:-} in
address | thread) kind=$1 ;;
*)
    echo "usage: Scripts/sanitize.sh address|thread [arguments of swift test]" >&2
    exit 64
    ;;
esac
shift
# Leaks are not looked for: the runtime keeps memory until the end.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}" TSAN_OPTIONS="halt_on_error=0:exitcode=66:${TSAN_OPTIONS:-}"
# Sanitizers reserve terabytes of address space and keep state in files, so tests set no limits on these.
export FOLDIN_SANITIZER="$kind"
exec Scripts/test.sh -Xswiftc -O -debug-info-format dwarf --sanitize="$kind" --scratch-path ".build/$kind" "$@"
