#!/usr/bin/env python3
"""Holds the controls against the catalogue: which have a row, vectors, or a reason why not.

    controls.py [--all]

The ids come from the catalogue beside the sources when it is there, else from the committed list.
Ends with 1 when a control of the catalogue has neither a row nor a reason in
docs/controls-missing.tsv, or a row has no vectors or no place in the catalogue.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOGUE = ROOT.parent / "shared" / "catalogue" / "controls.tsv"
COMMITTED = ROOT / "tests" / "guard" / "catalogue_ids.txt"
MISSING = ROOT / "docs" / "controls-missing.tsv"
VECTORS_LEAST = 3


def column(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines if line.startswith("CT-")]


def catalogue():
    return column(CATALOGUE) if CATALOGUE.exists() else column(COMMITTED)


def ids_in(path):
    return set(re.findall(r'"(CT-[A-Z]{2,4}-\d{2})"', path.read_text(encoding="utf-8")))


def reasons():
    rows = MISSING.read_text(encoding="utf-8").splitlines()[1:]
    return {row.split("\t")[0]: row.split("\t")[1:] for row in rows if row}


def vectors_of(control):
    path = ROOT / "tests" / "controls" / f"{control}.sip"
    if not path.exists():
        return 0, 0
    text = path.read_text(encoding="utf-8", errors="replace")
    return (len(re.findall(r"^== must (?:trip|spare):", text, re.M)),
            len(re.findall(r"^== must not trip:", text, re.M)))


def table(wanted, rows, posture, why):
    for control in wanted:
        if control in rows:
            trips, passes = vectors_of(control)
            print(f"{control:10}  row, {trips} vectors must trip, {passes} must not")
        else:
            state, reason = why.get(control, ("missing", "no reason is written down"))
            told = ", told by check" if control in posture else ""
            print(f"{control:10}  {state}{told}: {reason}")


def faults(wanted, rows, why):
    for control in sorted(set(wanted) - rows - set(why)):
        yield f"{control} has neither a row nor a reason in {MISSING.relative_to(ROOT)}"
    for control in sorted(rows - set(wanted)):
        yield f"{control} has a row, but the catalogue does not know it"
    for control in sorted(rows):
        if min(vectors_of(control)) < VECTORS_LEAST:
            yield f"{control} has fewer than {VECTORS_LEAST} vectors of a kind"
    if CATALOGUE.exists() and column(CATALOGUE) and set(column(COMMITTED)) != set(wanted):
        yield f"{COMMITTED.relative_to(ROOT)} is not the catalogue's list any more"
    for control, reason in sorted(why.items()):
        if reason[0] not in ("elsewhere", "open") or len(reason[1]) < 20:
            yield f"{control}: a reason is a state, elsewhere or open, and a sentence"


def main():
    wanted, why = catalogue(), reasons()
    rows = ids_in(ROOT / "src" / "guard" / "controls.def")
    posture = ids_in(ROOT / "src" / "policy" / "posture.def")
    open_ones = [control for control in wanted if control not in rows]
    if "--all" in sys.argv[1:]:
        table(wanted, rows, posture, why)
    print(f"{len(wanted)} controls in the catalogue, {len(set(wanted) & rows)} with a row, "
          f"{sum(min(vectors_of(control)) >= VECTORS_LEAST for control in rows)} with vectors; "
          f"without a row {len(open_ones)}: "
          f"{sum(why.get(c, ['open'])[0] == 'elsewhere' for c in open_ones)} held elsewhere, "
          f"{sum(c in posture for c in open_ones)} told by check, "
          f"{sum(c not in why for c in open_ones)} without a reason")
    for control in sorted(set(why) & rows):
        print(f"told: {control} has a row now; its reason is left over")
    wrong = list(faults(wanted, rows, why))
    for fault in wrong:
        print(fault)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
