#!/bin/bash
# Measures, asserts no time.  Figures of one run are compared with each other, never with another
# machine's or another hour's.
#
#     tests/bench/run.sh              all of it
#     tests/bench/run.sh WORD ...     of: read call media ratio
#
#   read    ns and instructions to read a message completely, SDP included
#   call    ns and instructions of a whole call through guard and relay, without sockets
#   media   CPU per RTP packet of the gate, beside forwarders that judge nothing
#   ratio   CPU per call of the store, beside Kamailio and a blind pipe, when ../shared/bench is there
cd "$(dirname "$0")/../.." || exit 1

build=${BUILD:-build}
scratch=$PWD/out/bench
mkdir -p "$scratch"
words=("$@")
[ ${#words[@]} -gt 0 ] || words=(read call media ratio)

# instructions PROGRAM FEW MANY: callgrind's count per turn, from the difference of two runs.
instructions() {
    local program=$1 few=$2 many=$3 counts=()
    for turns in "$few" "$many"; do
        counts+=("$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$turns" 2>&1 |
            sed -n 's/.*Collected : \([0-9]*\).*/\1/p')")
    done
    echo $(((counts[1] - counts[0]) / (many - few)))
}

have() {
    command -v "$1" >/dev/null || {
        echo "  skipped: $1 is not installed"
        return 1
    }
}

bench_read() {
    echo "== reading one message"
    ninja -C "$build" tests/bench_read >/dev/null 2>&1 || { echo "  no bench_read"; return; }
    if [ -x tests/bench/instructions.sh ]; then
        tests/bench/instructions.sh
    else
        "$build/tests/bench_read"
    fi
}

bench_call() {
    echo "== a whole call (INVITE 100 180 200 ACK BYE 200), guard and relay, no sockets"
    ninja -C "$build" tests/bench_call >/dev/null || return
    "$build/tests/bench_call" 20000
    have valgrind && echo "  $(instructions "$build/tests/bench_call" 200 1200) instructions per call," \
        "the making of the messages by the test included"
}

bench_media() {
    echo "== media"
    ninja -C "$build" tests/bench_media >/dev/null || return
    "$build/tests/bench_media"
}

# The store between the load generator's caller and answerer, signalling only and with media anchored.
ratio_policy() {
    cat <<X
site: ratio
domains: [ims.mnc002.mcc001.3gppnetwork.org]
zones:
  carriers:
    class: interconnect
    listeners: ["udp:127.0.77.1:5060"]
    media: $1
  core:
    class: core
    listeners: ["udp:127.0.77.5:5060"]
    media: $2
peers:
  caller:
    zone: carriers
    addresses: [127.0.77.2]
    hops: ["udp:127.0.77.2:5070"]
    rate: none
    calls: none
  callee:
    zone: core
    hops: ["udp:127.0.77.4:5090"]
routes:
  - {from: carriers, to: callee}
timers:
  media-rest: 1s
capacity:
  transactions: 400000
  dialogs: 200000
  text-memory: 1048576
X
}

bench_ratio() {
    echo "== CPU per call beside Kamailio (transaction relay, firewall policy) and a blind pipe"
    [ -x ../shared/bench/b_ratio.sh ] || {
        echo "  skipped: ../shared/bench is not there"
        return
    }
    have kamailio || return
    export BW=$scratch/ratio
    mkdir -p "$BW"
    ratio_policy pass pass >"$BW/signalling.yaml"
    ratio_policy 127.0.77.1:20000-23999 127.0.77.5:20000-23999 >"$BW/anchored.yaml"
    for kind in signalling anchored; do
        echo "-- $kind"
        OURS="$PWD/$build/sipwarden run $BW/$kind.yaml --state $BW/state-$kind >$BW/$kind.log 2>&1" \
            ../shared/bench/b_ratio.sh "${ROUNDS:-2}" "${RATES:-800 2000}" 2.5 \
            "pipe MODE_TM MODE_FW ours"
    done
}

for word in "${words[@]}"; do "bench_$word"; done
