#!/bin/bash
# Counts the messages in the captures of the shared corpus; captures.tsv says how many there are.
# Usage: compare_counts.sh CAPTURE_TALLY CAPTURES.TSV CORPUS
[ -d "$3" ] || { echo "SKIPPED: no corpus at $3"; exit 77; }

failed=0
while IFS=$'\t' read -r file wanted; do
    case $file in '#'*) continue ;; esac
    counted=$("$1" "$3/$file" | sed 's/^.* udp \([0-9]*\) \([0-9]*\) tcp \([0-9]*\) \([0-9]*\)/\1\t\2\t\3\t\4/')
    if [ "$counted" != "$wanted" ]; then
        echo "$file: counted $counted, wanted $wanted"
        failed=1
    fi
done < "$2"
exit $failed
