#!/bin/bash
# SIPp -> border -> SIPp, udp over IPv6.
. "$(dirname "$0")/../lib.sh"
. "$here/sipp_load.sh"
need sipp
begin fd00::1/128 fd00::2/128 fd00::10/128 fd00::20/128
transport=udp border_out=[fd00::1] border_in=[fd00::10] caller=[fd00::2] callee=[fd00::20] talker=[fd00::21]
load "${CALLS:-10000}" "${RATE:-200}"
