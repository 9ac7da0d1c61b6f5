#!/bin/bash
# Targets with faults that are known, and an audit of each:
#
#     tests/lab/run.sh [--only TESTS] [TARGET ...]     leaky plain hardened sipwarden; all of them
#
# Everything is on loopback.  A verdict that is not the one of expected.tsv fails the run; the table of
# what came out is written to OUT (out/audit-lab).
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
program=${SIPWARDEN:-$root/build/sipwarden}
out=${OUT:-$root/out/audit-lab}
only=()
if [ "$1" = --only ]; then
    only=(--only "$2")
    shift 2
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(leaky plain hardened sipwarden)
mkdir -p "$out"
pid=

stop() {
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; }
    pid=
}
trap stop EXIT

start() {
    case $1 in
    sipwarden)
        sed "s|@LAB@|$here|" "$here/sipwarden.yaml" >"$out/sipwarden.yaml"
        "$program" run "$out/sipwarden.yaml" --state "$out/$1.state" >"$out/$1.log" 2>&1 &
        ;;
    *)
        command -v kamailio >/dev/null || return 1
        (cd "$here" && exec kamailio -f "kamailio-$1.cfg" -DD -E -m 64 -M 8) >"$out/$1.log" 2>&1 &
        ;;
    esac
    pid=$!
    sleep 2
    kill -0 "$pid" 2>/dev/null
}

failed=0
for target in "${targets[@]}"; do
    calls=50 registers=false
    [ "$target" = sipwarden ] && calls=2 registers=true
    if ! start "$target"; then
        echo "skipped audit-lab/$target: it does not start; see $out/$target.log"
        pid=
        continue
    fi
    sed "s/@NAME@/lab-$target/; s/@PRODUCT@/$target/; s/@CALLS@/$calls/; s/@REGISTERS@/$registers/" \
        "$here/scope.in" >"$out/$target.scope.yaml"
    "$program" audit "$out/$target.scope.yaml" --seed 1 --out "$out/$target" "${only[@]}" >"$out/$target.txt" 2>&1
    status=$?
    stop
    if [ $status -gt 1 ]; then
        echo "failed audit-lab/$target: $(tail -1 "$out/$target.txt")"
        failed=1
        continue
    fi
    "$here/compare.py" "$here/expected.tsv" "$target" "$out/$target/report.json" || failed=1
done
exit $failed
