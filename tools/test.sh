#!/bin/bash
# All that `make test` does: installs, builds, checks, meets real peers, and counts.  The last line
# says "N passed, N failed"; the exit is non-zero when anything failed or could not be tried.
cd "$(dirname "$0")/.." || exit 1

build=${1:-build}
results=$PWD/out/interop/results
broken=0

attempt() {
    "$@" || {
        printf 'test: "%s" failed\n' "$*"
        broken=$((broken + 1))
        return 1
    }
}

rm -f "$build/meson-logs/testlog.json" "$results"
mkdir -p "$(dirname "$results")"

if attempt tools/install-needs.sh build test && attempt make --no-print-directory all BUILD="$build"; then
    # Their failures are counted below, one by one.
    meson test -C "$build" --suite check --no-rebuild --print-errorlogs
    INTEROP_RESULTS=$results tests/interop/run.sh
fi

tools/tally.py --broken "$broken" "$build/meson-logs/testlog.json" "$results"
