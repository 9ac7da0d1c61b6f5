#!/bin/bash
# Instructions per message read, as valgrind counts them: the difference of two counts of reads, so
# that starting up is not in it.  They repeat exactly, whatever else the machine does.
#
#     tests/bench/instructions.sh [BUILD]     build folder, build by default
#
# valgrind shows the program a processor with AVX2 and without AVX-512.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
program=$build/tests/bench_read
folder=tests/bench/messages
few=100 many=300

command -v valgrind >/dev/null || { echo 'SKIPPED: no valgrind'; exit 77; }
ninja -C "$build" tests/bench_read >/dev/null

counted() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$folder" "$@" 2>&1 |
        sed -n 's/.*Collected : //p'
}

for kind in invite register ok options message; do
    head=$((($(counted $kind $many) - $(counted $kind $few)) / (many - few)))
    both=$((($(counted $kind $many sdp) - $(counted $kind $few sdp)) / (many - few)))
    octets=$(stat -c %s "$folder/$kind.sip")
    printf '%-10s %5d octets %7d instructions %7d with SDP\n' "$kind" "$octets" "$head" "$both"
done
