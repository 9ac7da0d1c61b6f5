#!/bin/bash
# A neighbour that must come through IPsec: what the packet filter marked is served, the same without
# the mark is not.  The mark stands for a security association; there is none in this case.
. "$(dirname "$0")/../lib.sh"
need nft python3
begin
cat >"$work/policy.yaml" <<'Y'
site: ipsec
domains: [core.example]
ipsec-mark: 4660
zones:
  carriers: {class: interconnect, host: border.carriers.example, listeners: ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"], media: pass}
  core: {class: core, listeners: ["udp:127.0.0.10:5060"], media: pass}
peers:
  caller: {zone: carriers, ipsec: true, addresses: [127.0.0.2], domains: [caller.example]}
  callee: {zone: core, addresses: [127.0.0.20], hops: ["udp:127.0.0.20:5060"]}
routes:
  - {emergency: true, to: callee}
  - {from: carriers, to: callee}
Y
inside sysctl -qw net.ipv4.tcp_fwmark_accept=1
start_store "$work/policy.yaml"
ask() {
    inside python3 - "$1" <<'P'
import socket
import sys

request = ("OPTIONS sip:border.carriers.example SIP/2.0\r\n"
           "Via: SIP/2.0/{0} 127.0.0.2:5070;branch=z9hG4bKx{0}\r\nMax-Forwards: 70\r\n"
           "From: <sip:a@caller.example>;tag=1\r\nTo: <sip:border.carriers.example>\r\n"
           "Call-ID: {0}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").format(sys.argv[1])
kind = socket.SOCK_DGRAM if sys.argv[1] == "UDP" else socket.SOCK_STREAM
with socket.socket(socket.AF_INET, kind) as sock:
    sock.bind(("127.0.0.2", 0))
    sock.settimeout(2)
    sock.connect(("127.0.0.1", 5060))
    sock.send(request.encode())
    sys.exit(not sock.recv(4096).startswith(b"SIP/2.0 200"))
P
}
for transport in UDP TCP; do
    if ask $transport 2>/dev/null; then
        failed "$transport without a mark is served"
    else
        passed "$transport without a mark gets no answer"
    fi
done
check "and is told" grep -q '"control":"CT-ENC-02","rule":"IPS-01"' "$work/store.log"
inside nft add table ip m
inside nft 'add chain ip m in { type filter hook prerouting priority -300; }'
inside nft add rule ip m in ip saddr 127.0.0.2 meta mark set 4660
for transport in UDP TCP; do check "$transport with the mark is served" ask $transport; done
