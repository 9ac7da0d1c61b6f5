#!/bin/bash
# Calls with real clients, servers and tools, each case in a network namespace of its own.
#
#     tests/interop/run.sh            every case, two at a time
#     tests/interop/run.sh NAME ...   these, one after the other, with what they print
#
# Results go to $INTEROP_RESULTS (out/interop/results), one line a point; logs to out/interop/CASE/.
cd "$(dirname "$0")/../.." || exit 1

export INTEROP_RESULTS=${INTEROP_RESULTS:-$PWD/out/interop/results}
mkdir -p "$(dirname "$INTEROP_RESULTS")"
: >"$INTEROP_RESULTS"

[ -x "${SIPWARDEN:-build/sipwarden}" ] || {
    echo "failed build: build/sipwarden is missing; remedy: make" | tee -a "$INTEROP_RESULTS"
    exit 1
}

if [ $# -gt 0 ]; then
    for name in "$@"; do bash "tests/interop/cases/$name.sh"; done
else
    # Each case ends by itself; ten minutes is far beyond the longest.
    printf '%s\n' tests/interop/cases/*.sh |
        xargs -P "${INTEROP_JOBS:-2}" -I{} timeout --kill-after=10 600 bash {}
fi

echo
sort "$INTEROP_RESULTS"
! grep -q '^failed' "$INTEROP_RESULTS"
