#!/bin/bash
# Mutants of every message at hand, given to our reader and to others: Sofia-SIP, oSIP and libre as
# libraries, Kamailio as a process on the loopback, each where it is installed.
#
#     tests/differential/run.sh [BUILD]      build folder, build by default
#     COUNT=1000000 SEED=1 KAMAILIO_PORT=5098
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build}
port=${KAMAILIO_PORT:-5098}
shared=../shared/corpus
scratch=$(mktemp -d)
kamailio=
messages=(tests/bench/messages tests/fuzz/corpus/sip_read tests/fuzz/corpus/sip_write)
options=(--count "${COUNT:-1000000}" --seed "${SEED:-1}")

finish() {
    [ -z "$kamailio" ] || kill "$kamailio" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap finish EXIT

for folder in rfc4475 rfc-flows jain-torture cve client-traces fuzz-seeds; do
    [ ! -d "$shared/$folder" ] || messages+=("$shared/$folder")
done
ninja -C "$build" tests/differential >/dev/null
if program=$(command -v kamailio); then
    sed "s/PORT/$port/" tests/differential/kamailio.cfg >"$scratch/kamailio.cfg"
    "$program" -DD -f "$scratch/kamailio.cfg" -Y "$scratch" -P "$scratch/pid" -m 64 \
        >"$scratch/kamailio.log" 2>&1 &
    kamailio=$!
    sleep 1
    kill -0 "$kamailio" || { tail -5 "$scratch/kamailio.log"; exit 1; }
    options+=(--kamailio "$port")
else
    echo 'SKIPPED: Kamailio is not here'
fi
"$build/tests/differential" "${options[@]}" tests/differential/known.tsv tests/policies/corpus.yaml \
    "${messages[@]}"
