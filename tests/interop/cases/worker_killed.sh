#!/bin/bash
# kill -9 of the border process with 100 calls up: every re-INVITE and BYE afterwards succeeds, and
# the audio that the gate carries has no gap.
. "$(dirname "$0")/../lib.sh"
need sipp tcpdump
begin
start_store "$(policy trunk -e "s/@TRANSPORT@/udp/g" -e "s/@BORDER_OUT@/127.0.0.1/g" \
    -e "s/@BORDER_IN@/127.0.0.10/g" -e "s/@CALLER@/127.0.0.2/g" -e "s/@CALLER_LITERAL@/127.0.0.2/g" \
    -e "s/@CALLEE@/127.0.0.20/g" -e "s/@TALKER@/127.0.0.21/g" -e "s/@MEDIA_END@/20999/g")"
start uas.log sipp -sf "$here/sipp/uas_reinvite.xml" -i 127.0.0.20 -p 5080 -t u1 -nostdin \
    -trace_err -error_file "$work/uas.err"
sleep 0.5
start uac.log sipp -sf "$here/sipp/uac_reinvite_later.xml" 127.0.0.1:5060 -s +15550100 \
    -i 127.0.0.2 -p 5070 -t u1 -m 100 -r 50 -d 9000 -nostdin -timeout 60 -timeout_error \
    -trace_err -error_file "$work/uac.err" -trace_stat -stf "$work/uac.csv" -fd 1
uac=$started
sleep 1
start talk.log python3 "$here/talk.py" --border-out 127.0.0.1 --caller 127.0.0.2:5071 \
    --callee 127.0.0.21:5081 --number +17770100 --seconds 9
talk=$started
sleep 3
border=$(pgrep -P "$store" -f border | head -n 1)
[ -n "$border" ] && kill -9 "$border"
wait "$uac"
check "100 calls re-INVITE and BYE after kill -9 of the border" \
    test "$(sipp_count "$work/uac.csv" "SuccessfulCall(C)")" = 100
check "the parent started it again" pgrep -P "$store" -f border
wait "$talk"
check "the audio of a call had no gap" grep -q 'no gap' "$work/talk.log"
