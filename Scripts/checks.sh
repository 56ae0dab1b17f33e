# Counted checks, for scripts that source this file: it sets `passed` and `failed`. They set `place`, a temporary folder, before.

passed=0 failed=0

# check DESCRIPTION COMMAND...: runs the command and counts the result. Shows the end of what a command printed that failed.
check() {
    local what=$1
    shift
    if "$@" > "$place/check.out" 2>&1; then
        passed=$((passed + 1))
        echo "  passed: $what"
    else
        failed=$((failed + 1))
        echo "  FAILED: $what"
        tail -n 20 "$place/check.out" | sed 's/^/    /'
    fi
}

# summary: prints the counts; fails if a check failed.
summary() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
