#!/bin/bash
# The guide "Putting sipwarden in front of your core", followed literally.
. "$(dirname "$0")/../lib.sh"
need sipp nc
begin 198.51.100.10/32 10.0.0.10/32 10.0.0.20/32 203.0.113.1/32
rm -rf /tmp/sipwarden-guide
mkdir -p "$work/bin" "$work/folder"
ln -sf "$(realpath "$sipwarden")" "$work/bin/sipwarden"
cd "$work/folder" || exit 1
PATH=$work/bin:$PATH inside timeout 120 bash "$root/tools/follow.sh" \
    "$root/docs/guide-in-front-of-your-core.md" >"$work/said" 2>&1
status=$?
said() { grep -q -- "$1" "$work/said"; }
check "every command of the guide succeeds (exit $status)" [ "$status" = 0 ]
check "to its end" said "followed to the end"
check "the call is in the journal, answered and ended by the caller" said "ended     200"
check "its ladder shows both legs" said "|.* INVITE .*|  *|"
check "the attack is in the journal" said "reject.*CT-FW-06"
check "explain says why" said "verdict"
check "the journal is whole" said "^whole: "
rm -rf /tmp/sipwarden-guide
