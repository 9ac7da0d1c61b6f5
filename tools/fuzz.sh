#!/bin/bash
# Every fuzz target for FUZZ_SECONDS from its corpus, two at a time.  What is newly found is kept in
# build-fuzz/corpus, what crashes in out/fuzz; any crash fails.
#
#     tools/fuzz.sh           all targets
#     tools/fuzz.sh sip uri   these
set -u
cd "$(dirname "$0")/.." || exit 1

seconds=${FUZZ_SECONDS:-60}
jobs=2
build='build-fuzz'

fuzz_one() {
    what=$1
    seeds=tests/fuzz/corpus/$what
    kept=$build/corpus/$what
    words=tests/fuzz/$what.dict
    options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
        -artifact_prefix="out/fuzz/$what-")
    mkdir -p "$kept"
    [ ! -f "$words" ] || options+=(-dict="$words")
    [ ! -d "$seeds" ] || set -- "$seeds"
    [ "$1" != "$what" ] || set --
    if "$build/tests/fuzz/fuzz_$what" "${options[@]}" "$kept" "$@" >"out/fuzz/$what.log" 2>&1; then
        printf 'fuzz %s: %s inputs, nothing found\n' "$what" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "out/fuzz/$what.log")"
    else
        printf 'fuzz %s: FAILED, see out/fuzz/%s.log\n' "$what" "$what"
        tail -25 "out/fuzz/$what.log"
        return 1
    fi
}

if [ "${1:-}" = --one ]; then
    fuzz_one "$2"
    exit
fi

if [ ! -f $build/build.ninja ]; then
    CC=clang meson setup $build -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false || exit 1
fi
mapfile -t targets < <(sed -n "s|^ *'[a-z]*/\([a-z0-9_]*\)',.*|\1|p" tests/fuzz/meson.build)
[ $# -eq 0 ] || targets=("$@")
[ ${#targets[@]} -gt 0 ] || { echo "fuzz: no targets"; exit 0; }

ninja -C $build "${targets[@]/#/tests/fuzz/fuzz_}" || exit 1
mkdir -p out/fuzz
printf '%s\n' "${targets[@]}" | UBSAN_OPTIONS=print_stacktrace=1 xargs -P $jobs -I{} "$0" --one {}
