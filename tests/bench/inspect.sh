# The word `inspect` of run.sh, which sources this.

# measured NAME MESSAGES COMMAND...: CPU per message and the most memory.
measured() {
    local name=$1 messages=$2
    shift 2
    /usr/bin/time -o "$scratch/time" -f "%e %U %S %M" "$@" >"$scratch/said" 2>"$scratch/complained" </dev/null
    [ $? = 124 ] && name="$name (not done)"
    awk -v name="$name" -v messages="$messages" 'END { printf "  %-44s %7.2f us CPU a message  %7.1f s  %8.1f MB\n",
        name, ($2 + $3) / messages * 1e6, $1, $4 / 1024 }' "$scratch/time"
}

# One capture of MESSAGES (1,000,000) for everybody; and memory of ours as the capture grows to 1 GB and more.
bench_inspect() {
    local messages=${MESSAGES:-1000000} capture=$scratch/calls.pcapng
    echo "== captures: $messages messages"
    [ -x /usr/bin/time ] || { echo "  skipped: /usr/bin/time is not installed"; return; }
    ninja -C "$build" tests/make_capture >/dev/null || return
    "$build/tests/make_capture" "$capture" "$messages" || return
    cat "$capture" >/dev/null
    measured "sipwarden inspect, every control" "$messages" "$build/sipwarden" inspect --quiet "$capture"
    measured "sipwarden inspect --json" "$messages" "$build/sipwarden" inspect --json "$capture"
    rm -f "$scratch/store.db"
    measured "sipwarden inspect --store --html" "$messages" "$build/sipwarden" inspect --quiet \
        --store "$scratch/store.db" --html "$scratch/page.html" "$capture"
    rm -f "$scratch"/store.db*
    # They are given ten minutes each: some look through all calls for each message.
    local patience="timeout ${PATIENCE:-600}"
    have tshark && measured "tshark -r, a line a message" "$messages" $patience tshark -n -r "$capture"
    have sngrep && measured "sngrep -N -q -I" "$messages" $patience env TERM=xterm sngrep -N -q -I "$capture"
    have sipgrep && measured "sipgrep -I, INVITEs" "$messages" $patience sipgrep -C -I "$capture" INVITE
    for part in 4 2 1; do
        "$build/tests/make_capture" "$capture" $((2 * messages / part)) || return
        measured "sipwarden inspect, $(($(stat -c %s "$capture") / 1000000)) MB" $((2 * messages / part)) \
            "$build/sipwarden" inspect --quiet "$capture"
    done
    rm -f "$capture"
}
