#!/bin/bash
# Measures, asserts no time.  Figures of one run are compared with each other, never with another
# machine's or another hour's.
#
#     tests/bench/run.sh              all of it
#     tests/bench/run.sh WORD ...     of: read call media srtp flood ratio patterns
#
#   read    ns and instructions to read a message completely, SDP included
#   call    ns and instructions of a whole call through guard and relay, without sockets
#   memory  octets of a transaction, a call, a registration; and of a store at rest
#   media   CPU per RTP packet of the gate, beside forwarders that judge nothing
#   srtp    the same where the gate seals, beside rtpengine, when ../shared/bench is there
#   flood   good calls while floods arrive, beside Kamailio's firewall policy, when ../shared/bench is
#           there; RATE=1000 FLOODS="25000 100000 200000" SECONDS_EACH=3
#   patterns  ns a message scanned with 10 to 10,000 patterns, and a number among 10,000 prefixes
#   tls     CPU of a connection over TLS with certificates on both sides, new and resumed, beside
#           Kamailio; memory of an idle one; HELD=10000 CONNECTIONS=1000 PORT=21061
#   ratio   CPU per call of the store, beside Kamailio and a blind pipe, when ../shared/bench is there
cd "$(dirname "$0")/../.." || exit 1

build=${BUILD:-build}
scratch=$PWD/out/bench
mkdir -p "$scratch"
words=("$@")
[ ${#words[@]} -gt 0 ] || words=(read call media inspect tls flood ratio patterns)

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

bench_patterns() {
    echo "== patterns and numbers"
    ninja -C "$build" tests/bench_patterns >/dev/null || return
    "$build/tests/bench_patterns"
}

# The store at rest: what its processes have to themselves, shared pages divided.
bench_memory() {
    local folder=$scratch/rest store
    echo "== memory"
    ninja -C "$build" tests/bench_call >/dev/null || return
    "$build/tests/bench_call" memory | sed 's/^/  /'
    rm -rf "$folder" && mkdir -p "$folder"
    ratio_policy pass pass | sed '/^capacity/,$d' >"$folder/policy.yaml"
    "$build/sipwarden" run "$folder/policy.yaml" --state "$folder/state" >"$folder/log" 2>&1 &
    store=$!
    sleep 2
    for process in "$store" $(ps -o pid= --ppid "$store"); do
        printf '  %6d kB  %s\n' "$(awk '/^Pss:/{print $2}' "/proc/$process/smaps_rollup")" \
            "$(tr '\0' ' ' <"/proc/$process/cmdline" | cut -c1-40)"
    done | sort -rn | tee "$folder/sizes"
    echo "  $(awk '{kb += $1} END {print kb}' "$folder/sizes") kB in all, with the capacities of a new policy"
    kill "$store"
    wait "$store" 2>/dev/null
}

bench_media() {
    echo "== media"
    ninja -C "$build" tests/bench_media >/dev/null || return
    "$build/tests/bench_media"
}

# The gate's own figures have the sealed ones in them.
bench_srtp() {
    bench_media
    local peer=../shared/bench/e_rtpengine.sh
    [ -e "$peer" ] && have rtpengine && bash "$peer" 50 "10000 40000 80000" 2
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
    rates: {called-number: 0, called-prefix: 0}
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
    ratio_policy 127.0.77.1:20000-26999 127.0.77.5:20000-26999 >"$BW/anchored.yaml"
    for kind in signalling anchored; do
        echo "-- $kind"
        OURS="$PWD/$build/sipwarden run $BW/$kind.yaml --state $BW/state-$kind >$BW/$kind.log 2>&1" \
            ../shared/bench/b_ratio.sh "${ROUNDS:-2}" "${RATES:-800 2000}" 2.5 \
            "pipe MODE_TM MODE_FW ours"
    done
}

# ours_start POLICY, ours_stop: the store on CPU 0, as the peer is.
ours_start() {
    taskset -c 0 "$build/sipwarden" run "$1" --state "$BW/state" >"$BW/ours.log" 2>&1 &
    ours=$!
    sleep 1.2
}

ours_stop() {
    kill "$ours" 2>/dev/null
    sleep 0.3
    kill "$ours" 2>/dev/null
    wait "$ours" 2>/dev/null
}

# The peer's generators against ours: the same calls, the same floods, the same core for both.
flood_as_peer() {
    local kind=$1 level=$2 line
    ours_start "$BW/signalling.yaml"
    (cd "$BW" && taskset -c 1 ./sipload -R 100 -d 0.5 >/dev/null)
    if [ "$level" -gt 0 ]; then
        taskset -c 1 "$BW/flood" 127.0.77.1:5060 "$kind" "$level" $((each + 3)) >"$BW/flood.txt" &
        local flooder=$!
        sleep 1
    fi
    line=$(cd "$BW" && taskset -c 1 ./sipload -R "$rate" -d "$each")
    [ "$level" -gt 0 ] && wait "$flooder"
    ours_stop
    printf '%-7s offered_flood %7d/s  %s\n' "$kind" "$level" "$line"
}

# What the peer's flood does not send.
flood_as_ours() {
    local kind=$1 level=$2 sources=$3 line
    ours_start "$BW/signalling.yaml"
    line=$(taskset -c 1 "$build/sipwarden" flood --to 127.0.77.1:5060 --from 127.0.77.2:5070 \
        --answer 127.0.77.4:5090 --call 'sip:+1555#######@ims.mnc002.mcc001.3gppnetwork.org' \
        --calls "$rate" --seconds "$each" --attack "$kind=$level" --sources "$sources" --json)
    ours_stop
    python3 -c 'import json, sys
sums = json.loads(sys.argv[2])
setup, sent = sums["setup_ms"], sum(sums["attack"].values()) / sums["seconds"]
print("%-10s %9.0f/s  success %6.2f %%  sent again %.3f a call  setup p50 %.1f ms p99 %.1f ms"
      % (sys.argv[1], sent, 100 * sums["success"], sums["again_per_call"], setup["p50"],
         setup["p99"]))' "$kind" "$line"
}

bench_flood() {
    local rate=${RATE:-1000} each=${SECONDS_EACH:-3} levels="0 ${FLOODS:-25000 100000 200000}" kind level
    echo "== good calls while floods arrive, $rate calls/s, proxy and generators on a core each"
    export BW=$scratch/flood
    mkdir -p "$BW"
    ratio_policy pass pass >"$BW/signalling.yaml"
    if [ -x ../shared/bench/c_flood.sh ] && have kamailio; then
        echo "-- Kamailio, firewall policy"
        ../shared/bench/c_flood.sh "$rate" "$each" "$levels" "bad unauth"
        echo "-- sipwarden, the same generators"
        for kind in bad unauth; do
            for level in $levels; do flood_as_peer "$kind" "$level"; done
        done
    else
        echo "  skipped: ../shared/bench or Kamailio is not there"
    fi
    echo "-- sipwarden, by sipwarden flood: from 50 sources, and the last ones from 100,000"
    for kind in malformed register invite response options password; do
        for level in ${FLOODS:-25000 100000 200000}; do flood_as_ours "$kind" "$level" 50; done
    done
    flood_as_ours register "${level:-200000}" 100000
    flood_as_ours response "${level:-200000}" 100000
}

# ticks PID...: CPU they have had, in hundredths of a second.
ticks() {
    local sum=0 pid
    for pid in "$@"; do
        sum=$((sum + $(awk '{print $14 + $15}' "/proc/$pid/stat")))
    done
    echo "$sum"
}

# tls_measure NAME PID...: connections that are made anew, and that go on with a session.
tls_measure() {
    local name=$1 mode before told
    shift
    for mode in new again; do
        before=$(ticks "$@")
        told=$("$build/tests/bench_tls" "$port" "$lab/sbc.carrier.example.pem" \
            "$lab/sbc.carrier.example.key" "$lab/ca.pem" "$count" $mode) || return
        printf '%-10s %-6s %6d us CPU a connection   %s\n' "$name" $mode \
            $((($(ticks "$@") - before) * 10000 / count)) "$told"
    done
}

tls_policy() {
    "$build/sipwarden" init --lab-certificates "$lab" | sed \
        -e "s/10.0.0.10:5061/127.0.0.10:$port/; s/198.51.100.10:5061/127.0.0.1:$port/" \
        -e 's/10.0.0.20:5061, tls:10.0.0.21:5061/127.0.0.20:5061/; s/media: .*/media: pass/' \
        -e 's/hops: .tls:203.0.113.1:5061.*/hops: [tls:127.0.0.2:5061]\n    addresses: [127.0.0.2, 127.1.0.0\/16]/'
    echo "capacity: {connections: $((held + 1000))}"
    echo "timers: {connection-idle: 1h}"
}

tls_kamailio() {
    sed -e "s#OWN_UDP#udp:127.0.0.1:$((port + 1))#; s#OWN_TLS#tls:127.0.0.1:$port#; s#=OWN\$#=127.0.0.1#" \
        -e "s#TLS_FILE#\"$lab/k.tls\"#; s#BESIDE#\"sip:127.0.0.1:9\"#; s#BORDER;#\"sip:127.0.0.1:9\";#" \
        tests/interop/kamailio-tls.cfg >"$lab/k.cfg"
    for side in server client; do
        printf '[%s:default]\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\nprivate_key = %s/key.pem\ncertificate = %s/certificate.pem\nca_list = %s/ca.pem\n' \
            $side "$lab" "$lab" "$lab"
    done >"$lab/k.tls"
    mkdir -p "$lab/rt"
    kamailio -f "$lab/k.cfg" -DD -E -m 256 -M 8 -P "$lab/rt/pid" -Y "$lab/rt" -w "$lab/rt" \
        >"$lab/k.log" 2>&1 &
    local peer=$!
    sleep 2
    tls_measure kamailio "$peer" $(pgrep -P "$peer")
    kill "$peer"
    wait "$peer" 2>/dev/null
}

bench_tls() {
    local port=${PORT:-21061} count=${CONNECTIONS:-1000} held=${HELD:-10000} lab=$scratch/tls
    echo "== connections over TLS 1.3, certificates on both sides (P-256), one OPTIONS each"
    ninja -C "$build" tests/bench_tls >/dev/null || return
    ulimit -S -n "$(ulimit -H -n)"
    [ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -gt $((held + 2000)) ] || held=1000
    rm -rf "$lab" && mkdir -p "$lab"
    tls_policy >"$scratch/tls.yaml"
    have kamailio && tls_kamailio
    "$build/sipwarden" run "$scratch/tls.yaml" --state "$lab/state" >"$lab/ours.log" 2>&1 &
    local ours=$! border keeper before
    sleep 2
    border=$(pgrep -P "$ours" -f 'child border') keeper=$(pgrep -P "$ours" -f 'child keeper')
    tls_measure sipwarden "$border" "$keeper"
    before=$(awk '/VmRSS/ {print $2}' "/proc/$border/status")
    mkfifo "$lab/end"
    "$build/tests/bench_tls" "$port" "$lab/sbc.carrier.example.pem" \
        "$lab/sbc.carrier.example.key" "$lab/ca.pem" "$held" hold <"$lab/end" >"$lab/held" &
    local holder=$!
    exec 3>"$lab/end"
    until grep -q served "$lab/held" || ! kill -0 $holder 2>/dev/null; do sleep 0.5; done
    echo "held $held: $((($(awk '/VmRSS/ {print $2}' "/proc/$border/status") - before) * 1024 / held)) octets each"
    exec 3>&-
    wait $holder
    tail -n 1 "$lab/held"
    kill "$ours" && sleep 0.2 && kill "$ours" 2>/dev/null
    wait "$ours" 2>/dev/null
}

. tests/bench/inspect.sh # captures, every control on, beside tshark, sngrep and sipgrep

for word in "${words[@]}"; do "bench_$word"; done
