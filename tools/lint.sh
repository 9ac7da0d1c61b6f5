#!/bin/bash
# clang-format, clang-tidy, cppcheck and the house rules; all of them run, any of them fails.
#
#     tools/lint.sh BUILD            everything
#     tools/lint.sh BUILD FILE ...   these files only
cd "$(dirname "$0")/.." || exit 1

build=${1:-build}
shift
jobs=2
failed=0

check() {
    printf 'lint: %s\n' "$1"
    shift
    "$@" || failed=1
}

for tool in clang-format clang-tidy cppcheck; do
    command -v $tool >/dev/null || {
        echo "lint: $tool is missing; remedy: tools/install-needs.sh lint" >&2
        exit 1
    }
done

if [ $# -gt 0 ]; then
    files=("$@")
else
    mapfile -t files < <(find src tests -name '*.[ch]' | sort)
fi
# What the build compiles; another machine's variant of a file is not in the list.
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep '^src/.*\.c$' |
    grep -xFf <(sed -n 's|^ *"file": "\.\./\(.*\)",*$|\1|p' "$build/compile_commands.json"))

check clang-format clang-format --dry-run -Werror "${files[@]}"
if [ ${#sources[@]} -gt 0 ]; then
    check clang-tidy xargs -P $jobs -n 4 clang-tidy --quiet -p "$build" \
        <<<"$(printf '%s\n' "${sources[@]}")" 2> >(grep -v 'warnings generated\.$' >&2)
    check cppcheck cppcheck --quiet --std=c11 --language=c -j $jobs -I src --error-exitcode=1 \
        --enable=warning,performance,portability --inline-suppr \
        --suppressions-list=tools/cppcheck.txt "${sources[@]}"
fi
check 'house rules' tools/tidy.py --quiet
exit $failed
