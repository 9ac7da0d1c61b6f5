#!/bin/bash
# SIPp -> border -> SIPp, udp over IPv4.
. "$(dirname "$0")/../lib.sh"
. "$here/sipp_load.sh"
need sipp
begin
transport=udp border_out=127.0.0.1 border_in=127.0.0.10 caller=127.0.0.2 callee=127.0.0.20 talker=127.0.0.21
load "${CALLS:-10000}" "${RATE:-200}"
