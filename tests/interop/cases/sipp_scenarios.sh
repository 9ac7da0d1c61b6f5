#!/bin/bash
# Scenarios beyond the plain call, SIPp on both sides: CANCEL, re-INVITE, PRACK and UPDATE, forking.
. "$(dirname "$0")/../lib.sh"
need sipp
begin
start_store "$(policy trunk -e "s/@TRANSPORT@/udp/g" -e "s/@BORDER_OUT@/127.0.0.1/g" \
    -e "s/@BORDER_IN@/127.0.0.10/g" -e "s/@CALLER@/127.0.0.2/g" -e "s/@CALLER_LITERAL@/127.0.0.2/g" \
    -e "s/@CALLEE@/127.0.0.20/g" -e "s/@TALKER@/127.0.0.21/g" -e "s/@MEDIA_END@/21999/g")"

# play NAME CALLS RATE DURATION UAC UAS
play() {
    local name=$1 calls=$2 rate=$3 pause=$4 uac_file=$5 uas_file=$6 uas
    start "$name-uas.log" sipp -sf "$here/sipp/$uas_file.xml" -i 127.0.0.20 -p 5080 -t u1 -nostdin \
        -trace_err -error_file "$work/$name-uas.err"
    uas=$started
    sleep 0.5
    start "$name-uac.log" sipp -sf "$here/sipp/$uac_file.xml" 127.0.0.1:5060 -s +15550100 \
        -i 127.0.0.2 -p 5070 -t u1 -m "$calls" -r "$rate" -d "$pause" -nostdin -timeout 60 \
        -timeout_error -trace_err -error_file "$work/$name-uac.err" -trace_stat \
        -stf "$work/$name.csv" -fd 1
    wait "$started"
    stop "$uas"
    local good
    good=$(sipp_count "$work/$name.csv" "SuccessfulCall(C)")
    if [ "$good" = "$calls" ] && [ ! -s "$work/$name-uac.err" ]; then
        passed "$name: $good of $calls"
    else
        failed "$name: $good of $calls; $(head -c 200 "$work/$name-uac.err" | tr '\n' ' ')"
    fi
}

play cancel 200 50 100 uac_cancel uas_cancel
play re-INVITE 200 50 300 uac_reinvite_later uas_reinvite
play PRACK-and-UPDATE 200 50 100 uac_prack uas_prack
play fork 200 50 100 uac_fork uas_fork
