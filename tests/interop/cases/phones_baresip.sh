#!/bin/bash
# baresip -> border -> Kamailio -> border -> baresip: digest registration, a call with audio both
# ways, MESSAGE; and neither side sees the other's addresses.
. "$(dirname "$0")/../lib.sh"
. "$here/phones.sh"
need baresip kamailio tcpdump
begin
capture "$work/all.pcap"
start_core udp
start_baresip bob 127.0.0.1 5080 4480 tcp ";answermode=auto"
start_baresip alice 127.0.0.1 5070 4470 udp ""
sleep 2

check "alice registers with digest over UDP" wait_for 5 is_registered 4470
check "bob registers with digest over TCP" wait_for 5 is_registered 4480

tell 4470 dial sip:bob@test.example >"$work/dial"
sleep 8
tell 4470 hangup >"$work/hangup"
sleep 2
check "the call is established" grep -q 'Call established' "$work/alice.log"
check "bob hears alice's tone" python3 "$here/tools.py" heard "$work"/bob/snd/*dec.wav
check "alice hears bob's tone" python3 "$here/tools.py" heard "$work"/alice/snd/*dec.wav

tell 4470 contact_next >/dev/null
tell 4470 message hello-from-alice >"$work/message"
sleep 2
stop "$capturing"
check "MESSAGE reaches bob, whole" python3 "$here/tools.py" sent "$work/all.pcap" 127.0.0.1 \
    hello-from-alice
# baresip sends media from the address it is told to use only when that is the first one: so both
# phones are on 127.0.0.1, known by their ports.
check "the core sees nothing of the devices" python3 "$here/tools.py" leaks "$work/all.pcap" \
    127.0.0.10 127.0.0.1:5070 127.0.0.1:5080 "IP4 127.0.0.1"$'\r'
check "the devices see nothing of the core" python3 "$here/tools.py" leaks "$work/all.pcap" \
    127.0.0.1 127.0.0.10: 127.0.22. kamailio
