#!/bin/bash
# baresip -> border -> baresip with every kind of protection on either side: the tone is heard at
# both ends, and who listens on a protected side hears nothing.
. "$(dirname "$0")/../lib.sh"
. "$here/phones.sh"
need baresip tcpdump
begin
python3 "$here/tools.py" tone "$work/tone.wav"
phone_modules='module srtp.so
module dtls_srtp.so'
interval=0

is_silent_on_the_wire() {
    python3 "$here/tools.py" audible "$1" "$2"
    [ $? = 1 ]
}

# call NAME OUTER INNER ALICE BOB OUTSIDE INSIDE: the policy of each side, what the accounts say of
# media, and whether what the wires carry is `sealed` or `clear`.
call() {
    local name=$1 outer=$2 inner=$3 alice=$4 bob=$5 outside=$6 inside=$7 kept=$work
    work=$kept/$name
    mkdir -p "$work"
    cp "$kept/tone.wav" "$work/tone.wav"
    start_store "$(policy srtp -e "s/@OUTER@/$outer/" -e "s/@INNER@/$inner/")"
    capture "$work/all.pcap"
    border=127.0.0.10:5060 start_baresip bob 127.0.0.1 5080 4480 udp ";answermode=auto$bob"
    border=127.0.0.1:5060 start_baresip alice 127.0.0.1 5070 4470 udp "$alice"
    sleep 1
    tell 4470 dial sip:bob@test.example >"$work/dial"
    sleep 5
    tell 4470 hangup >"$work/hangup"
    sleep 1
    for process in "${children[@]}"; do stop "$process"; done
    children=()
    check "$name: bob hears alice" python3 "$here/tools.py" heard "$work"/bob/snd/*dec.wav
    check "$name: alice hears bob" python3 "$here/tools.py" heard "$work"/alice/snd/*dec.wav
    if [ "$outside" = sealed ]; then
        check "$name: nothing is heard on the wire outside" is_silent_on_the_wire "$work/all.pcap" 127.0.0.1
    else
        check "$name: the wire outside is in the clear" python3 "$here/tools.py" audible "$work/all.pcap" 127.0.0.1
    fi
    if [ "$inside" = sealed ]; then
        check "$name: nothing is heard on the wire inside" is_silent_on_the_wire "$work/all.pcap" 127.0.0.10
    else
        check "$name: the wire inside is in the clear" python3 "$here/tools.py" audible "$work/all.pcap" 127.0.0.10
    fi
    work=$kept
}

sdes='srtp: required\n    sdes-in-clear: true\n    srtp-keys: sdes'
clear='srtp: forbidden'
call sdes-clear "$sdes" "$clear" ";mediaenc=srtp-mand" "" sealed clear
call clear-sdes "$clear" "$sdes" "" ";mediaenc=srtp-mand" clear sealed
call sdes-sdes "$sdes" "$sdes" ";mediaenc=srtp-mand" ";mediaenc=srtp-mand" sealed sealed

dtls='srtp: required\n    srtp-keys: dtls'
call dtls-clear "$dtls" "$clear" ";mediaenc=dtls_srtp;rtcp_mux=yes" "" sealed clear
call clear-dtls "$clear" "$dtls" "" ";mediaenc=dtls_srtp;rtcp_mux=yes" clear sealed
call sdes-dtls "$sdes" "$dtls" ";mediaenc=srtp-mand" ";mediaenc=dtls_srtp;rtcp_mux=yes" sealed sealed
call dtls-sdes "$dtls" "$sdes" ";mediaenc=dtls_srtp;rtcp_mux=yes" ";mediaenc=srtp-mand" sealed sealed
call dtls-dtls "$dtls" "$dtls" ";mediaenc=dtls_srtp;rtcp_mux=yes" ";mediaenc=dtls_srtp;rtcp_mux=yes" sealed sealed
