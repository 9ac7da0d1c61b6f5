#!/usr/bin/env python3
"""What the whole trip of an INVITE costs, in instructions, beside reading it and its SDP alone.

    test_trip_cost.py TRIP_WORK TESTS_FOLDER

Counted by callgrind, so that the figure is the same on every run of one build.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TIMES_MAX = 2.5
FEW, MANY = 100, 300


def instructions(program, folder, what, count, scratch):
    out = scratch / f"{what}-{count}"
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, folder, what,
         str(count)], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{what}: the message did not pass unharmed\n{run.stderr}")
    return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.M).group(1))


def each(program, folder, what, scratch):
    """Instructions of one, without what starting costs."""
    few = instructions(program, folder, what, FEW, scratch)
    many = instructions(program, folder, what, MANY, scratch)
    return (many - few) / (MANY - FEW)


def main():
    program, folder = sys.argv[1:]
    if shutil.which("valgrind") is None:
        print("SKIPPED: no valgrind here")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        read = each(program, folder, "read", pathlib.Path(scratch))
        trip = each(program, folder, "trip", pathlib.Path(scratch))
    print(f"reading {read:.0f} instructions, the whole trip {trip:.0f}: {trip / read:.2f} times")
    return 0 if trip <= TIMES_MAX * read else 1


if __name__ == "__main__":
    sys.exit(main())
