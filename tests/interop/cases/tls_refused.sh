#!/bin/bash
# Each kind of wrong certificate and handshake is refused with its reason, while a neighbour who does
# all right is served, on a connection that stays and on new ones.
. "$(dirname "$0")/../lib.sh"
. "$here/certificates.sh"
need openssl python3
begin
new_authority ca
new_authority other
new_certificate border URI:sip:border.carriers.example,URI:sip:border.core.example ca
for name in caller revoked; do new_certificate $name URI:sip:sbc.caller.example ca; done
new_certificate wrong-name URI:sip:sbc.else.example ca
new_certificate other-peer URI:sip:sbc.stranger.example ca
new_certificate wildcard 'DNS:*.caller.example' ca
new_certificate expired URI:sip:sbc.caller.example ca
new_certificate foreign URI:sip:sbc.caller.example other
(
    cd "$work" || exit 1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout self-signed.key \
        -out self-signed.pem -subj /CN=x -addext subjectAltName=URI:sip:sbc.caller.example -days 9
    # x509 cannot date a certificate backwards, ca can.
    openssl ca -config ca.cnf -batch -in expired.csr -out expired.pem -startdate 20200101000000Z \
        -enddate 20200102000000Z -extfile expired.ext -notext -rand_serial -outdir . \
        -policy policy_any
    # Sixty-four kilobytes of chain.
    cp caller.pem long-chain.pem
    for _ in $(seq 120); do cat ca.pem; done >>long-chain.pem
    cp caller.key long-chain.key
) >>"$work/openssl.log" 2>&1
revoke revoked ca
start_store "$(policy tls -e "s#@WORK@#$work#")"
checks="wrong-name other-peer wildcard expired foreign self-signed revoked long-chain old-version renegotiation slow"
inside python3 "$here/tls_peer.py" "$work" 127.0.0.1:5061 $checks >"$work/peer.log" 2>&1
for one in $checks; do
    check "$one is refused, others are served" grep -qx "$one good" "$work/peer.log"
done
"$sipwarden" status --json --state "$work/state" >"$work/status.json"
refused() {
    python3 -c 'import json, sys
sys.exit(json.load(open(sys.argv[1]))["counters"]["border"]["tls-refused-" + sys.argv[2]] < int(sys.argv[3]))' \
        "$work/status.json" "$1" "$2"
}
check "three wrong names were counted as that" refused wrong-name 3
for reason in expired unknown-issuer self-signed revoked too-large old-version slow; do
    check "and $reason" refused $reason 1
    check "and told, $reason" grep -q "\"reason\":\"$reason\"" "$work/store.log"
done
