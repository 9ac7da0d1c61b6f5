#!/bin/bash
# An audit finds the faults that were planted in a Kamailio, and none of them where sipwarden stands.
. "$(dirname "$0")/../lib.sh"
need kamailio python3
begin
export SIPWARDEN=$sipwarden OUT=$work

# lab ARGUMENTS...: its last summary line is what is told.
lab() {
    inside "$root/tests/lab/run.sh" "$@" >"$work/lab.log" 2>&1 || cat "$work/lab.log"
    grep '^passed' "$work/lab.log" | sed 's|^passed audit-lab/||' | while read -r line; do passed "$line"; done
    grep -E '^(failed|skipped)' "$work/lab.log" | while read -r line; do failed "$line"; done
}

lab leaky
lab --only VT-SES-01,VT-SES-02,VT-SES-04,VT-SES-06,VT-MED-01,VT-MED-02,VT-MED-03,VT-REC-05,VT-DOS-06,VT-IDN-02 sipwarden
check "the evidence is intact" "$sipwarden" audit verify "$work/leaky"
