#!/bin/bash
# The guide "Reading a capture", followed literally.
. "$(dirname "$0")/../lib.sh"
need sipp nc tcpdump
begin
mkdir -p "$work/bin" "$work/folder"
ln -sf "$(realpath "$sipwarden")" "$work/bin/sipwarden"
cd "$work/folder" || exit 1
PATH=$work/bin:$PATH inside timeout 120 bash "$root/tools/follow.sh" \
    "$root/docs/guide-reading-a-capture.md" >"$work/said" 2>&1
status=$?
said() { grep -q -- "$1" "$work/said"; }
check "every command of the guide succeeds (exit $status)" [ "$status" = 0 ]
check "to its end" said "followed to the end"
check "the scanner is found" said "CT-FW-28"
check "findings are exit status 1" said "exit status 1"
check "the calls are in the store" said "ended     200"
check "a ladder is drawn" said "| *INVITE\|-- INVITE"
check "the page was written" grep -q "<svg" "$work/folder/report.html"
