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
    # Phones live by the wall clock and have the machine to themselves.  Each case ends by itself; ten
    # minutes is far beyond the longest.
    for case in tests/interop/cases/phones_*.sh; do
        timeout --kill-after=10 600 bash "$case"
    done
    printf '%s\n' tests/interop/cases/*.sh | grep -v '/phones_' |
        xargs -P "${INTEROP_JOBS:-2}" -I{} timeout --kill-after=10 600 bash {}
fi

echo
sort "$INTEROP_RESULTS"
! grep -q '^failed' "$INTEROP_RESULTS"
