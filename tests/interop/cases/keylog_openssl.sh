#!/bin/bash
# A capture of openssl s_client and s_server with the key log of the first: what was said in TLS is judged.
. "$(dirname "$0")/../lib.sh"
need openssl tcpdump
begin
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
message() {
    printf 'OPTIONS sip:bob@example.net SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK%s\r\n' "$1"
    printf 'Max-Forwards: 70\r\nFrom: <sip:a@example.net>;tag=1\r\nTo: <sip:bob@example.net>\r\n'
    printf 'Call-ID: in-tls-%s\r\nCSeq: 1 OPTIONS\r\nContact: <sip:a@127.0.0.1>\r\n%sContent-Length: 0\r\n\r\n' "$1" "$2"
}
for version in tls1_2 tls1_3; do
    rm -f "$work/keys"
    capture "$work/$version.pcap"
    start server.log openssl s_server -accept 127.0.0.1:5061 -cert "$work/cert.pem" -key "$work/key.pem" -rev
    server=$started
    sleep 1
    { message good; sleep 0.5; message bad $'User-Agent: friendly-scanner\r\n'; sleep 1; } |
        inside timeout 4 openssl s_client -connect 127.0.0.1:5061 "-$version" -quiet -keylogfile "$work/keys" \
            >"$work/client.log" 2>&1
    sleep 1
    stop "$server"
    stop "$capturing"
    "$sipwarden" inspect --json --keylog "$work/keys" "$work/$version.pcap" >"$work/$version.json"
    check "$version: two messages within TLS" grep -q '"SIP_TLS":2' "$work/$version.json"
    check "$version: the scanner is found" grep -q '"call_id":"in-tls-bad".*"CT-FW-28"' "$work/$version.json"
    "$sipwarden" inspect --json "$work/$version.pcap" >"$work/$version-blind.json"
    check "$version: without the key log nothing is said" grep -q '"requests":0' "$work/$version-blind.json"
done
