#!/bin/sh
# same_paper.sh SIPWARDEN PAPER WORD...: what the program prints is what the paper says.
sipwarden=$1 paper=$2
shift 2
"$sipwarden" "$@" | diff -u "$paper" - && exit 0
echo "print it anew: sipwarden $* > docs/$(basename "$paper")"
exit 1
