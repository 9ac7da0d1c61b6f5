#!/bin/bash
# sngrep reads captures and sends what it finds in HEP; inspect receives it and says the same of it
# as of the captures themselves.
. "$(dirname "$0")/../lib.sh"
need sngrep python3
begin
corpus=$root/../shared/corpus
[ -d "$corpus" ] || {
    skipped "the shared corpus is not there"
    exit 0
}

# summary JSON-FILE: messages, findings and how often each control failed, in one line.
summary() {
    python3 - "$1" <<'END'
import json, sys
told = json.loads(open(sys.argv[1]).read().splitlines()[-1])
failed = {name: outcome["failed"] for name, outcome in told["controls"].items()}
print(told["requests"], told["responses"], told["findings"], failed)
END
}

for path in pcap/ndpi_sip pcap/ndpi_FAX-Call-t38-CA-TDM-SIP-FB-1 client-traces/bs_message \
    client-traces/bs_proxy_tcp; do
    name=$(basename "$path")
    "$sipwarden" inspect --json "$corpus/$path.pcap" >"$work/$name.file"
    start "$name.hep" "$sipwarden" inspect --json --hep udp:127.0.0.1:9060
    receiver=$started
    wait_for 5 grep -q listening "$work/$name.hep"
    inside timeout 20 sngrep -N -q -I "$corpus/$path.pcap" -H udp:127.0.0.1:9060 \
        >"$work/$name.sngrep" 2>&1 </dev/null
    sleep 0.5
    stop "$receiver"
    grep '^{' "$work/$name.hep" >"$work/$name.told"
    wanted=$(summary "$work/$name.file")
    told=$(summary "$work/$name.told")
    if [ "$wanted" = "$told" ]; then
        passed "$name: as from the file, ${told%% \{*} (requests, responses, findings)"
    else
        failed "$name: told $told, of the file $wanted"
    fi
done
