#!/bin/bash
# Counts requests and responses in captures with our walk and with tshark, which must agree; so must
# what tshark counts in a capture that we wrote of the messages we found.
# Usage: compare_tshark.sh CAPTURE_TALLY FILE-OR-FOLDER...
# SIP quoted in ICMP errors is dissected by tshark and is no message of anybody's: left out.
tally=$1; shift
command -v tshark >/dev/null || { echo "SKIPPED: tshark is not installed"; exit 77; }
mapfile -t files < <(find -L "$@" -name '*.pcap*' 2>/dev/null | sort)
[ ${#files[@]} -gt 0 ] || { echo "SKIPPED: no captures in $*"; exit 77; }

# Several messages in one frame come as one line of values with commas between.
theirs() {
    tshark -n -r "$1" -Y 'sip && !icmp && !icmpv6' -T fields -E occurrence=a \
        -e udp.port -e sip.Method -e sip.Status-Code 2>/dev/null |
        awk -F '\t' '{
                over = $1 == "" ? "tcp" : "udp"
                requests[over] += split($2, values, ",")
                responses[over] += split($3, values, ",")
            } END {
                printf "udp %d %d tcp %d %d\n", requests["udp"], responses["udp"],
                       requests["tcp"], responses["tcp"]
            }'
}

written=$(mktemp) && trap 'rm -f "$written"' EXIT
failed=0
for file in "${files[@]}"; do
    ours=$("$tally" -w "$written" "$file" | sed 's/^.* udp /udp /')
    tshark=$(theirs "$file")
    again=$(theirs "$written")
    if [ "$ours" = "$tshark" ] && [ "$ours" = "$again" ]; then
        echo "same    ${file##*/}: $ours"
    else
        echo "DIFFERS ${file##*/}: ours $ours, tshark $tshark, written $again"
        failed=1
    fi
done
exit $failed
