#!/bin/bash
# baresip -> border -> Kamailio that knows phones by their own Contact and the border's Path (RFC
# 3327): registration over UDP and TCP, with and without outbound (RFC 5626), a call, MESSAGE.
. "$(dirname "$0")/../lib.sh"
. "$here/phones.sh"
need baresip kamailio tcpdump
begin
capture "$work/all.pcap"
binding=path
start_core udp
start_baresip bob 127.0.0.1 5080 4480 tcp ";answermode=auto"
start_baresip alice 127.0.0.1 5070 4470 udp ";sipnat=outbound"
sleep 2

check "alice registers with digest over UDP" wait_for 5 is_registered 4470
check "bob registers with digest over TCP" wait_for 5 is_registered 4480

tell 4470 dial sip:bob@test.example >"$work/dial"
sleep 6
tell 4470 hangup >"$work/hangup"
sleep 2
check "the call is established" grep -q 'Call established' "$work/alice.log"
check "bob hears alice's tone" python3 "$here/tools.py" heard "$work"/bob/snd/*dec.wav
tell 4470 contact_next >/dev/null
tell 4470 message hello-from-alice >"$work/message"
sleep 2
stop "$capturing"
check "MESSAGE reaches bob, whole" python3 "$here/tools.py" sent "$work/all.pcap" 127.0.0.1 \
    hello-from-alice
check "the core is given the Path" python3 "$here/tools.py" sent "$work/all.pcap" 127.0.0.10 \
    "Path: <sip:"
check "the core is given bob's own Contact" python3 "$here/tools.py" sent "$work/all.pcap" \
    127.0.0.10 "@127.0.0.1:5080"
check "the devices see nothing of the core" python3 "$here/tools.py" leaks "$work/all.pcap" \
    127.0.0.1 127.0.0.10: 127.0.22. kamailio
