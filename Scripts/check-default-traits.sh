#!/bin/bash
# Builds the package with its default traits, without sweeps and the service, and checks that the subcommands that were left out say how to
# get them.
#
#     Scripts/check-default-traits.sh
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release
for left_out in sweep:Experiments tables:Experiments report:Experiments serve:Service keys:Service import-events:Service \
    export-events:Service; do
    name=${left_out%:*} trait=${left_out#*:} status=0
    text=$(.build/release/foldin "$name" --any option 2>&1) || status=$?
    if [ "$status" != 64 ] || ! grep -q "expected one with the package trait $trait: " <<< "$text"; then
        echo "foldin $name: found status $status and '$text'; expected status 64 and how to get the trait $trait" >&2
        exit 1
    fi
done
echo "subcommands that were left out say how to get them"
