#!/bin/bash
# A store sends copies of what it took and sent in HEP: inspect and sngrep receive them, and find as
# many messages as crossed the wire.
. "$(dirname "$0")/../lib.sh"
need sipp tcpdump sngrep python3
begin
caller=127.0.0.2 callee=127.0.0.20 border_out=127.0.0.1 border_in=127.0.0.10 calls=100

# Two Content-Lengths: refused, and told.
bad() {
    printf 'OPTIONS sip:core.example SIP/2.0\r\nVia: SIP/2.0/UDP %s:5099;branch=z9hG4bKbad\r\n' "$caller"
    printf 'Max-Forwards: 70\r\nFrom: <sip:a@caller.example>;tag=f\r\nTo: <sip:b@core.example>\r\n'
    printf 'Call-ID: bad-one\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n'
}

# summary JSON-FILE: requests and responses, of its last line.
summary() {
    grep '^{' "$1" | tail -n 1 | python3 -c 'import json, sys
told = json.load(sys.stdin)
print(told["requests"], told["responses"])'
}

counter() {
    "$sipwarden" status --json --state "$work/state" | python3 -c 'import json, sys
print(json.load(sys.stdin)["counters"]["border"][sys.argv[1]])' "$1"
}

run_calls() {
    start uas.log sipp -sn uas -i "$callee" -p 5080 -nostdin
    local uas=$started
    sleep 0.5
    inside timeout 60 sipp -sn uac "$border_out:5060" -s +15550100 -i "$caller" -p 5070 \
        -m "$calls" -r 50 -nostdin >"$work/uac.log" 2>&1 || failed "the calls went wrong"
    bad | inside python3 -c 'import socket, sys
agent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
agent.bind((sys.argv[1], 5099))
agent.sendto(sys.stdin.buffer.read(), (sys.argv[2], 5060))' "$caller" "$border_out"
    stop "$uas"
    sleep 1.5
}

through() {
    local collector=$1 port=$2 policy
    policy=$(policy trunk \
        -e "s/@TRANSPORT@/udp/g" -e "s/@BORDER_OUT@/$border_out/g" -e "s/@BORDER_IN@/$border_in/g" \
        -e "s/@CALLER@/$caller/g" -e "s/@CALLER_LITERAL@/$caller/g" -e "s/@CALLEE@/$callee/g" \
        -e "s/@TALKER@/127.0.0.21/g" -e "s/@MEDIA_END@/26999/g")
    printf 'hep: {to: udp:127.0.0.1:%s, id: 2001, key: word}\n' "$port" >>"$policy"
    rm -rf "$work/state"
    start wire.log tcpdump -i lo -s 0 -U -w "$work/$collector.wire.pcap" udp port 5060
    local wire=$started
    wait_for 5 grep -q listening "$work/wire.log"
    start_store "$policy"
    run_calls
    sent=$(counter hep-sent) lost=$(counter hep-lost)
    stop "$store"
    sleep 0.5
    stop "$wire"
    "$sipwarden" inspect --json "$work/$collector.wire.pcap" >"$work/$collector.wire.json"
    wanted=$(summary "$work/$collector.wire.json")
}

# Nobody collects: every call goes, what the kernel says it could not deliver is counted.
through nobody 9062
if [ "$lost" -gt 0 ] && [ "$wanted" = "$(echo $((calls * 6 + 1)) $((calls * 7 + 1)))" ]; then
    passed "without a collector $calls calls went, $lost of $((sent + lost)) copies known to be lost"
else
    failed "without a collector: on the wire $wanted, $sent sent, $lost lost"
fi

start inspect.json "$sipwarden" inspect --json --hep udp:127.0.0.1:9060
receiver=$started
wait_for 5 grep -q listening "$work/inspect.json"
through inspect 9060
stop "$receiver"
told=$(summary "$work/inspect.json")
events=$(tail -n 1 "$work/inspect.json" | python3 -c 'import json, sys
counts = json.load(sys.stdin)["files"][0]["counts"]
print(counts["HEP"], counts.get("HEP_OTHER", 0), counts.get("HEP_BROKEN", 0))')
if [ "$told" = "$wanted" ] && [ "$lost" = 0 ]; then
    passed "inspect received what was on the wire: $told requests and responses, $sent copies, none lost"
else
    failed "inspect received $told, on the wire $wanted; $sent sent, $lost lost"
fi
read -r hep others broken <<<"$events"
if [ "$hep" = "$sent" ] && [ "$others" -ge 1 ] && [ "$broken" = 0 ]; then
    passed "$others of $hep copies are events"
else
    failed "$hep of $sent copies came, $others events, $broken broken"
fi

start sngrep.log sngrep -N -q -L udp:127.0.0.1:9061 -O "$work/sngrep.pcap"
receiver=$started
sleep 1
through sngrep 9061
stop "$receiver"
"$sipwarden" inspect --json "$work/sngrep.pcap" >"$work/sngrep.json"
told=$(summary "$work/sngrep.json")
if [ "$told" = "$wanted" ]; then
    passed "sngrep wrote what was on the wire: $told requests and responses"
else
    failed "sngrep wrote $told, on the wire $wanted; $sent sent, $lost lost"
fi
