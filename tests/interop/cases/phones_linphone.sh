#!/bin/bash
# linphone -> border -> Kamailio -> border -> linphone: registration, a call with audio both ways,
# MESSAGE.
. "$(dirname "$0")/../lib.sh"
. "$here/phones.sh"
need linphonec kamailio
begin
start_core udp

# linphone NAME HOST PORT SCRIPT: the console's commands come from SCRIPT, with pauses.
start_linphone() {
    local name=$1 host=$2 port=$3 script=$4 folder=$work/$1
    mkdir -p "$folder/.local/share/linphone"
    cat >"$folder/rc" <<X
[sip]
sip_port=$port
sip_tcp_port=$port
sip_tls_port=$((port + 1))
use_ipv6=0
auto_net_state_mon=0
register_only_when_network_is_up=0
media_encryption=none
bind_address=$host
default_proxy=0
[rtp]
audio_rtp_port=$((port + 2000))
[net]
firewall_policy=none
[video]
enabled=0
capture=0
display=0
automatically_initiate=0
automatically_accept=0
[proxy_0]
reg_proxy=<sip:127.0.0.1:5060;transport=udp>
reg_route=<sip:127.0.0.1:5060;transport=udp;lr>
reg_identity=<sip:$name@test.example>
reg_expires=120
reg_sendregister=1
publish=0
[auth_info_0]
username=$name
passwd=${name}pw
realm=test.example
X
    bash -c "$script" | HOME=$folder ip netns exec "$space" linphonec -c "$folder/rc" -d 1 \
        >"$work/$name.log" 2>&1 &
    children+=("$!")
}

start_linphone bob 127.0.0.1 5095 "sleep 1; echo 'soundcard use files'; echo 'autoanswer enable'
    echo 'record $work/bob.wav'; echo 'play $work/tone.wav'; sleep 18; echo quit; sleep 1"
start_linphone alice 127.0.0.1 5090 "sleep 4; echo 'soundcard use files'
    echo 'record $work/alice.wav'; echo 'play $work/tone.wav'; echo 'call sip:bob@test.example'
    sleep 7; echo terminate; sleep 1; echo 'chat sip:bob@test.example hello-from-alice'; sleep 3
    echo quit; sleep 1"
sleep 22

check "alice registers" grep -q LinphoneRegistrationOk "$work/alice.log"
check "bob registers" grep -q LinphoneRegistrationOk "$work/bob.log"
check "the call is up" grep -qi 'connected\|established' "$work/alice.log"
check "bob hears alice's tone" python3 "$here/tools.py" heard "$work/bob.wav"
check "MESSAGE reaches bob" grep -aq 'hello-from-alice' "$work/bob.log"
