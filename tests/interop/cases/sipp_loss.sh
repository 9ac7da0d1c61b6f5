#!/bin/bash
# One packet in twenty is lost everywhere: retransmissions make every call good.
. "$(dirname "$0")/../lib.sh"
need sipp nft
begin
start_store "$(policy trunk -e "s/@TRANSPORT@/udp/g" -e "s/@BORDER_OUT@/127.0.0.1/g" \
    -e "s/@BORDER_IN@/127.0.0.10/g" -e "s/@CALLER@/127.0.0.2/g" -e "s/@CALLER_LITERAL@/127.0.0.2/g" \
    -e "s/@CALLEE@/127.0.0.20/g" -e "s/@TALKER@/127.0.0.21/g" -e "s/@MEDIA_END@/21999/g")"
inside nft -f - <<'X' || { skipped "nftables refuses numgen here"; exit 0; }
table inet loss {
    chain input {
        type filter hook input priority 0;
        udp dport { 5060, 5070, 5080 } numgen random mod 100 < 5 drop
    }
}
X
start uas.log sipp -sf "$here/sipp/uas_patient.xml" -i 127.0.0.20 -p 5080 -t u1 -nostdin
sleep 0.5
start uac.log sipp -sn uac 127.0.0.1:5060 -s +15550100 -i 127.0.0.2 -p 5070 -t u1 -m 1000 -r 50 \
    -nostdin -timeout 120 -trace_err -error_file "$work/uac.err" -trace_stat -stf "$work/uac.csv" -fd 1
wait "$started"
good=$(sipp_count "$work/uac.csv" "SuccessfulCall(C)")
again=$(sipp_count "$work/uac.csv" "Retransmissions(C)")

check "1000 calls with 5 % of all packets lost ($good good, $again retransmissions)" \
    test "$good" = 1000
