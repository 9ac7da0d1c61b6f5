#!/bin/bash
# follow.sh GUIDE: runs the commands of a guide, block after block in one shell, and says which block
# failed.  Blocks are fenced with ```sh; what stands in other fences is not run.  The folder is the
# one it is called in.
guide=$1
[ -r "$guide" ] || { echo "usage: follow.sh GUIDE" >&2; exit 2; }
script=$(mktemp)
trap 'rm -f "$script"' EXIT
{
    echo 'set -eo pipefail'
    awk '/^```sh$/ { block++; print "echo \"== block " block ", line " NR "\""; inside = 1; next }
         /^```/    { inside = 0; next }
         inside    { print }' "$guide"
    echo 'echo "== followed to the end"'
} >"$script"
bash "$script"
