#!/bin/bash
# SIPp -> Kamailio -> TLS -> border -> TLS -> Kamailio -> SIPp, with certificates on every side.
. "$(dirname "$0")/../lib.sh"
. "$here/certificates.sh"
need sipp kamailio openssl
begin
new_authority ca
new_certificate border URI:sip:border.carriers.example,URI:sip:border.core.example ca
new_certificate caller URI:sip:sbc.caller.example ca
new_certificate callee DNS:cscf.core.example ca
start_store "$(policy tls -e "s#@WORK@#$work#")"
start_neighbour caller 127.0.0.2 127.0.0.1:5061 127.0.0.2:5080
start_neighbour callee 127.0.0.20 127.0.0.10:5061 127.0.0.20:5080
start uas.log sipp -sn uas -i 127.0.0.20 -p 5080 -nostdin
sleep 2
calls=${CALLS:-1000}
start uac.log sipp -sn uac 127.0.0.2:5070 -s +15550100 -i 127.0.0.2 -p 5081 -m "$calls" \
    -r "${RATE:-100}" -nostdin -timeout "${PATIENCE:-60}" -timeout_error -trace_err -error_file "$work/uac.err"
uac=$started status=0
wait "$uac" || status=$?
check "$calls calls over TLS on both sides, each ended well" test "$status" = 0
"$sipwarden" status --json --state "$work/state" >"$work/status.json"
python3 - "$work/status.json" <<'P' && passed "the ledger knows both peers over TLS 1.3" || failed "the ledger"
import json
import sys

peers = {peer["name"]: peer["tls"] for peer in json.load(open(sys.argv[1]))["peers"]}
sys.exit(any(peers[name]["version"] != "1.3" for name in ("caller", "callee")))
P
