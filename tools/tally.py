#!/usr/bin/env python3
"""Counts what was tested: meson's log and what tests/interop/run.sh wrote, one line a case:

    passed NAME
    failed NAME: why
    skipped NAME: why

A file of results that is missing or empty is a failure: silence never passes.  The last line says
"N passed, N failed"; the exit is non-zero when anything failed.
"""
import argparse
import collections
import json
import pathlib
import sys

MESON_WORDS = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def meson_results(path):
    for line in path.read_text().splitlines():
        test = json.loads(line)
        yield MESON_WORDS.get(test["result"], "failed"), test["name"]


def interop_results(path):
    for line in path.read_text().splitlines():
        word, _, name = line.strip().partition(" ")
        if word:
            yield (word if word in ("passed", "skipped") else "failed"), name or line


def main():
    arguments = argparse.ArgumentParser(description="Counts what was tested.")
    arguments.add_argument("--broken", type=int, default=0, help="steps that failed before")
    arguments.add_argument("meson", type=pathlib.Path, help="meson-logs/testlog.json")
    arguments.add_argument("interop", type=pathlib.Path, help="what interop wrote")
    wanted = arguments.parse_args()

    count = collections.Counter(failed=wanted.broken)
    for path, read in ((wanted.meson, meson_results), (wanted.interop, interop_results)):
        results = list(read(path)) if path.exists() else []
        for word, name in results or [("failed", f"{path}: no results")]:
            count[word] += 1
            if word != "passed":
                print(f"{word}: {name}")
    if count["skipped"]:
        print(f"{count['skipped']} skipped")
    print(f"{count['passed']} passed, {count['failed']} failed", flush=True)
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
