# What every case shares.  A case is a script under cases/ that sources this file, runs in a network
# namespace of its own, and says `passed`, `failed WHY` or `skipped WHY` for each point it shows.
# Traffic stays in the namespace; processes are ended by their PID.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
sipwarden=${SIPWARDEN:-$root/build/sipwarden}
results=${INTEROP_RESULTS:-$root/out/interop/results}
case_name=$(basename "$0" .sh)
work=$root/out/interop/$case_name
space=sw-$case_name-$$
children=()

passed() {
    echo "passed $case_name: $1" | tee -a "$results"
}
failed() {
    echo "failed $case_name: $1" | tee -a "$results"
}
skipped() {
    echo "skipped $case_name: $1" | tee -a "$results"
}

# check DESCRIPTION COMMAND...: passed when the command succeeds.
check() {
    local what=$1
    shift
    if "$@"; then passed "$what"; else failed "$what"; fi
}

need() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || {
            skipped "$tool is not installed; remedy: tools/install-needs.sh test"
            exit 0
        }
    done
}

inside() {
    ip netns exec "$space" "$@"
}

# start LOG COMMAND...: in the background; its PID is in $started.
start() {
    local log=$1
    shift
    exec ip netns exec "$space" "$@" >"$work/$log" 2>&1 </dev/null &
    started=$!
    children+=("$started")
}

# The process below `ip netns exec` is the same PID: ip execs it.
stop() {
    kill "$1" 2>/dev/null
    for _ in $(seq 50); do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

finish() {
    for child in "${children[@]}"; do stop "$child"; done
    ip netns del "$space" 2>/dev/null
}

begin() {
    need ip
    [ "$(id -u)" = 0 ] || {
        skipped "needs root for network namespaces"
        exit 0
    }
    rm -rf "$work" && mkdir -p "$work" "$(dirname "$results")"
    ip netns add "$space" 2>/dev/null || {
        skipped "cannot make a network namespace here"
        exit 0
    }
    trap finish EXIT
    inside ip link set lo up
    for address in "$@"; do inside ip address add "$address" dev lo nodad; done
}

# start_store POLICY [OPTION...]: $store is its PID; waits until it says it is ready.
start_store() {
    local policy=$1
    shift
    start store.log "$sipwarden" run "$policy" --state "$work/state" "$@"
    store=$started
    for _ in $(seq 100); do
        grep -q 'ready' "$work/store.log" 2>/dev/null && return 0
        kill -0 "$store" 2>/dev/null || break
        sleep 0.1
    done
    failed "the store did not start: $(tail -n 1 "$work/store.log")"
    exit 1
}

# policy NAME SED-EXPRESSION...: a policy of policies/ with its marks filled in.
policy() {
    local name=$1
    shift
    sed "$@" "$here/policies/$name.yaml" >"$work/$name.yaml"
    echo "$work/$name.yaml"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local seconds=$1
    shift
    for _ in $(seq $((seconds * 10))); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}

# capture FILE: everything on the namespace's loopback, until finish or stop $capturing.
capture() {
    start capture.log tcpdump -i lo -s 0 -U -w "$1"
    capturing=$started
    wait_for 5 grep -q 'listening' "$work/capture.log"
}

# sipp's statistics: the last line's column of that name.
sipp_count() {
    awk -F';' -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i }
                            END { print $column + 0 }' "$1"
}
