#!/bin/bash
# kill -9 of the media gate in the middle of a call: a new one is told everything again, and the two
# parties hear each other again within two seconds.
. "$(dirname "$0")/../lib.sh"
need tcpdump
begin
start_store "$(policy trunk -e "s/@TRANSPORT@/udp/g" -e "s/@BORDER_OUT@/127.0.0.1/g" \
    -e "s/@BORDER_IN@/127.0.0.10/g" -e "s/@CALLER@/127.0.0.2/g" -e "s/@CALLER_LITERAL@/127.0.0.2/g" \
    -e "s/@CALLEE@/127.0.0.20/g" -e "s/@TALKER@/127.0.0.21/g" -e "s/@MEDIA_END@/20999/g")"
start talk.log python3 "$here/talk.py" --border-out 127.0.0.1 --caller 127.0.0.2:5071 \
    --callee 127.0.0.21:5081 --number +17770100 --seconds 8
talk=$started
sleep 3
gate=$(pgrep -P "$store" -f media | head -n 1)
[ -n "$gate" ] && kill -9 "$gate"
wait "$talk"
check "the parent started it again" pgrep -P "$store" -f media
silence=$(sed -n 's/.*longest silence \([0-9]*\) ms.*/\1/p' "$work/talk.log")
check "both hear each other again within two seconds" test "${silence:-9999}" -lt 2000
