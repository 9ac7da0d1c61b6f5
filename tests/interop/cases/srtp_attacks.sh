#!/bin/bash
# A sealed call between two baresips while somebody on the wire bleeds, injects, replays, says BYE and
# ClientHello, in his own name and in the caller's: nothing comes back to him and nobody hears him.
. "$(dirname "$0")/../lib.sh"
. "$here/phones.sh"
need baresip tcpdump
begin 127.0.0.66/8
python3 "$here/tools.py" tone "$work/tone.wav"
phone_modules='module srtp.so
module dtls_srtp.so'
interval=0

# attacked NAME OUTER ALICE
attacked() {
    local name=$1 outer=$2 alice=$3 kept=$work
    work=$kept/$name
    mkdir -p "$work"
    cp "$kept/tone.wav" "$work/tone.wav"
    start_store "$(policy srtp -e "s/@OUTER@/$outer/" -e "s/@INNER@/srtp: forbidden/")"
    border=127.0.0.10:5060 start_baresip bob 127.0.0.1 5080 4480 udp ";answermode=auto"
    border=127.0.0.1:5060 start_baresip alice 127.0.0.1 5070 4470 udp "$alice"
    sleep 1
    tell 4470 dial sip:bob@test.example >"$work/dial"
    sleep 2
    check "$name: nothing comes back to a stranger" inside python3 "$here/attack.py" 127.0.0.1
    sleep 2
    tell 4470 hangup >"$work/hangup"
    sleep 1
    for process in "${children[@]}"; do stop "$process"; done
    children=()
    check "$name: the call lasted until its end" grep -q 'terminated (duration: [5-9]' "$work/alice.log"
    check "$name: bob hears alice and nothing else" python3 "$here/tools.py" heard "$work"/bob/snd/*dec.wav
    check "$name: alice hears bob and nothing else" python3 "$here/tools.py" heard "$work"/alice/snd/*dec.wav
    check "$name: the gate lived through it" test "$(grep -c 'media .* running' "$work/store.log")" = 1
    work=$kept
}

attacked sdes 'srtp: required\n    sdes-in-clear: true\n    srtp-keys: sdes' ";mediaenc=srtp-mand"
attacked dtls 'srtp: required\n    srtp-keys: dtls' ";mediaenc=dtls_srtp"
