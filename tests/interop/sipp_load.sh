# 10,000 calls at 200 a second through the border: sourced by the cases sipp_*, which set the
# addresses and the transport.
#
#     load CALLS RATE
load() {
    local calls=$1 rate=$2 mode=u1
    [ "$transport" = tcp ] && mode=t1
    start_store "$(policy trunk \
        -e "s/@TRANSPORT@/$transport/g" -e "s/@BORDER_OUT@/$border_out/g" \
        -e "s/@BORDER_IN@/$border_in/g" -e "s/@CALLER@/$caller/g" \
        -e "s/@CALLER_LITERAL@/$(tr -d '[]' <<<"$caller")/g" -e "s/@CALLEE@/$callee/g" \
        -e "s/@TALKER@/$talker/g" -e "s/@MEDIA_END@/26999/g")"
    start uas.log sipp -sn uas -i "$callee" -p 5080 -t $mode -nostdin -trace_err \
        -error_file "$work/uas.err"
    sleep 0.5
    start uac.log sipp -sn uac "$border_out:5060" -s +15550100 -i "$caller" -p 5070 -t $mode \
        -m "$calls" -r "$rate" -l 4000 -nostdin -timeout 240 -timeout_error -trace_err \
        -error_file "$work/uac.err" -trace_stat -stf "$work/uac.csv" -fd 1
    local uac=$started status=0
    wait "$uac" || status=$?
    local good bad again
    good=$(sipp_count "$work/uac.csv" "SuccessfulCall(C)")
    bad=$(sipp_count "$work/uac.csv" "FailedCall(C)")
    again=$(sipp_count "$work/uac.csv" "Retransmissions(C)")
    if [ "$status" = 0 ] && [ "$good" = "$calls" ] && [ "$bad" = 0 ]; then
        passed "$good calls at $rate/s over $transport, 0 failed, $again retransmissions"
    else
        failed "$good of $calls calls over $transport, $bad failed (exit $status)"
    fi
    if [ -s "$work/uac.err" ]; then
        failed "unexpected messages: $(head -c 300 "$work/uac.err" | tr '\n' ' ')"
    fi
}
