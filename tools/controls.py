#!/usr/bin/env python3
"""Holds the controls against the catalogue: which have a row, vectors, or a reason why not.

    controls.py [--all]          the table of controls
    controls.py --rules          the table of rules
    controls.py --refresh        writes into docs/rules.tsv which controls hold which rule

The ids come from the catalogue beside the sources when it is there, else from the committed list.
Ends with 1 when a control of the catalogue has neither a row nor a reason in
docs/controls-missing.tsv, or a row has no vectors or no place in the catalogue; or when a rule of
sections 0, 1, 2 and 5 of the rule book has no row in docs/rules.tsv.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOGUE = ROOT.parent / "shared" / "catalogue" / "controls.tsv"
COMMITTED = ROOT / "tests" / "guard" / "catalogue_ids.txt"
MISSING = ROOT / "docs" / "controls-missing.tsv"
RULE_BOOK = ROOT.parent / "shared" / "rules" / "ims-rules.md"
RULES = ROOT / "docs" / "rules.tsv"
RULE_SECTIONS = "0125"
ATTACKS = ROOT / "tests" / "sim" / "attacks.def"
THREATS = ROOT.parent / "shared" / "catalogue" / "threats.tsv"
VECTORS_LEAST = 3
CLASSES = ("PAR", "SES", "IDN", "PRV", "MSG", "REC")  # those the simulator attacks by


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


def attacks():
    """Threat and control of each attack the simulator makes; its run holds them to be true."""
    text = ATTACKS.read_text(encoding="utf-8", errors="replace")
    return re.findall(r'^ATTACK\("(TH-[A-Z]{3}-\d{2})",\s*"(CT-[A-Z]{2,4}-\d{2})"', text, re.M)


def attack_faults(rows):
    made = attacks()
    for threat, control in made:
        if control not in rows:
            yield f"an attack of {threat} is to be found by {control}, which has no row"
    for group in CLASSES:
        if not any(threat.startswith(f"TH-{group}-") for threat, _ in made):
            yield f"no attack of the class TH-{group} in {ATTACKS.relative_to(ROOT)}"
    if THREATS.exists():
        known = {line.split("\t")[0] for line in THREATS.read_text(encoding="utf-8").splitlines()}
        for threat in sorted({threat for threat, _ in made} - known):
            yield f"{threat} is no threat of the catalogue"


def table(wanted, rows, posture, why):
    made = [control for _, control in attacks()]
    for control in wanted:
        if control in rows:
            trips, passes = vectors_of(control)
            told = f", {made.count(control)} attacks simulated" if control in made else ""
            print(f"{control:10}  row, {trips} vectors must trip, {passes} must not{told}")
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


def rule_book():
    """The ids of the rules whose place is in the guard, in their order; empty without the book."""
    if not RULE_BOOK.exists():
        return []
    sections = re.split(r"^## ", RULE_BOOK.read_text(encoding="utf-8"), flags=re.M)
    text = "\n".join(s for s in sections if re.match(rf"[{RULE_SECTIONS}]\. ", s))
    ids = re.findall(r"^(?:\| ?)?\*{0,2}([A-Z]{3}-[A-Z]?\d{2})\b(?=[* ])", text, re.M)
    return list(dict.fromkeys(ids))


def rules_of_controls():
    """Which controls say in their row that they hold a rule."""
    text = (ROOT / "src" / "guard" / "controls.def").read_text(encoding="utf-8")
    held = {}
    for control, rules in re.findall(
            r'^CONTROL\(\w+,\s*"(CT-[A-Z]+-\d+)".*\n.*\n.*\n\s*"([^"]*)",$', text, re.M):
        for rule in rules.split():
            held.setdefault(rule, []).append(control)
    return {rule: " ".join(sorted(controls)) for rule, controls in held.items()}


def rules_table():
    rows = RULES.read_text(encoding="utf-8").splitlines()[1:]
    return [(row.split("\t") + ["", "", ""])[:4] for row in rows if row]


def refreshed(table, held):
    for rule, state, where, note in table:
        if rule in held:
            yield rule, "held", held[rule], ""
        elif state == "held":
            yield rule, "open", "", "No control's row names it any more."
        else:
            yield rule, state, where, note


def rule_faults(book, table):
    named = [row[0] for row in table]
    for rule in book:
        if rule not in named:
            yield f"{rule} of the rule book has no row in {RULES.relative_to(ROOT)}"
    for rule in named:
        if book and rule not in book:
            yield f"{rule} has a row in {RULES.relative_to(ROOT)}, but the rule book does not know it"
        if named.count(rule) > 1:
            yield f"{rule} has two rows in {RULES.relative_to(ROOT)}"
    for rule, state, where, note in table:
        if state not in ("held", "elsewhere", "open"):
            yield f"{rule}: a state is held, elsewhere or open"
        if state == "elsewhere" and not (ROOT / where).exists():
            yield f"{rule}: {where} is not there"
        if state != "held" and len(note) < 8:
            yield f"{rule}: a reason is a sentence"


def rules_report(wants_all):
    book, table = rule_book(), list(refreshed(rules_table(), rules_of_controls()))
    if not book:
        print("told: the rule book is not beside the sources; the table of rules is not compared")
    for row in table if wants_all else []:
        print("  ".join(part for part in row if part))
    states = [row[1] for row in table]
    print(f"{len(table)} rules of sections 0, 1, 2 and 5: {states.count('held')} held by controls, "
          f"{states.count('elsewhere')} elsewhere, {states.count('open')} open")
    for rule, state, where, note in rules_table():
        if [rule, state, where] not in [list(row[:3]) for row in table]:
            print(f"told: {rule} is not as its row says: tools/controls.py --refresh")
    return list(rule_faults(book, table))


def rules_refresh():
    table = refreshed(rules_table(), rules_of_controls())
    RULES.write_text("id\tstate\twhere\tnote\n" +
                     "".join("\t".join(row) + "\n" for row in table), encoding="utf-8")
    return 0


def main():
    if "--refresh" in sys.argv[1:]:
        return rules_refresh()
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
    made = attacks()
    print(f"{len(made)} attacks of {len({threat for threat, _ in made})} threats in the simulator, "
          f"found by {len({control for _, control in made})} controls")
    for control in sorted(set(why) & rows):
        print(f"told: {control} has a row now; its reason is left over")
    wrong = list(faults(wanted, rows, why)) + list(attack_faults(rows))
    wrong += rules_report("--rules" in sys.argv[1:])
    for fault in wrong:
        print(fault)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
