# What the cases with phones share: the border before a Kamailio registrar.  $binding says how that
# is to know the phones: contact (when it is empty) or path.

start_core() {
    local hop=${1:-udp}
    shift
    start_store "$(policy access -e "s/@HOP@/$hop/" ${binding:+-e "s/^    media: 127.0.0.1:/    registration: $binding\n&/"})"
    mkdir -p "$work/kamailio"
    start kamailio.log kamailio ${binding:+-A "BY_${binding^^}"} -f "$here/kamailio.cfg" -DD -E -m 64 -M 8 \
        -P "$work/kamailio/pid" -Y "$work/kamailio" -w "$work/kamailio"
    sleep 1.5
    python3 "$here/tools.py" tone "$work/tone.wav"
}

# baresip NAME HOST PORT CONTROL TRANSPORT [ACCOUNT-PARAMETERS]: registers as NAME@test.example.
# $border is where we are, $interval how often it registers (0: never), $phone_modules more lines of
# its configuration.
start_baresip() {
    local name=$1 host=$2 port=$3 control=$4 transport=$5 more=$6
    local folder=$work/$name modules
    modules=$(dirname "$(dpkg -L baresip-core | grep '/g711\.so$')")
    mkdir -p "$folder/snd"
    : >"$folder/contacts"
    cat >"$folder/config" <<X
module_path $modules
poll_method epoll
sip_listen $host:$port
call_max_calls 8
net_interface $host
audio_source aufile,$work/tone.wav
audio_player aubridge,null$port
audio_alert aubridge,null$port
audio_level no
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
jitter_buffer_delay 5-10
rtp_stats yes
ctrl_tcp_listen 127.0.0.1:$control
snd_path $folder/snd
module g711.so
module aufile.so
module aubridge.so
$phone_modules
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
module_app debug_cmd.so
X
    echo "<sip:$name@test.example>;auth_pass=${name}pw;outbound=\"sip:${border:-127.0.0.1:5060};transport=$transport\";regint=${interval:-120};audio_codecs=pcma$more" >"$folder/accounts"
    echo '"Bob" <sip:bob@test.example>' >"$folder/contacts"
    start "$name.log" baresip -f "$folder" -4
}

tell() {
    inside python3 "$here/tools.py" control "$@"
}

is_registered() {
    tell "$1" reginfo | grep -q 'OK'
}
