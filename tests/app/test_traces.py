#!/usr/bin/env python3
"""False alarms: every capture of the corpus by traces.tsv, and the table that is published of it.

    test_traces.py SIPWARDEN TRACES CORPUS PAPER
    test_traces.py SIPWARDEN TRACES CORPUS --print > docs/false-alarms.md
"""
import collections
import json
import pathlib
import subprocess
import sys

SIPWARDEN, TRACES, CORPUS, PAPER = sys.argv[1], *map(pathlib.Path, sys.argv[2:4]), sys.argv[4]
FOLDERS = ("client-traces", "attack-traces", "pcap")

INTRO = """# False alarms

Printed by `tests/app/test_traces.py`, which every `make check` compares with what `sipwarden inspect` says now (without a policy:
messages are judged for what they are, whoever sent them). The captures are of other people's programs and of other projects; they are
not part of this repository.

* **clean**: what ordinary clients and servers say, also at the limits of what is legal. A finding here is a false alarm.
* **legal**: captures of other projects that hold nothing to find.
* **attack**: tools that look around, guess or break messages. Here a finding must be of the right kind and name the right source.
"""


def rows():
    for line in TRACES.read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def judge(capture):
    out = subprocess.run([SIPWARDEN, "inspect", "--json", str(CORPUS / capture)],
                         capture_output=True, text=True, timeout=120)
    if out.returncode > 1:
        raise SystemExit(f"{capture}: exit {out.returncode}: {out.stderr}")
    lines = [json.loads(line) for line in out.stdout.splitlines()]
    findings = collections.Counter((line["control"], line.get("rule", "-"), line["source"]["ip"])
                                   for line in lines if line["type"] == "finding")
    summary = lines[-1]
    return summary["requests"] + summary["responses"] + summary["unreadable"], findings


def told(findings):
    by_rule = collections.Counter()
    for (control, rule, _), count in findings.items():
        by_rule[f"{control} {rule}"] += count
    return ", ".join(f"{name} ({count})" for name, count in by_rule.most_common()) or "none"


def main():
    if not CORPUS.is_dir():
        print(f"SKIPPED: {CORPUS} is not there")
        raise SystemExit(77)
    known = {row[0] for row in rows()}
    there = {f"{folder}/{path.name}" for folder in FOLDERS
             for path in (CORPUS / folder).glob("*.pcap*")}
    wrong = [f"{name}: not in {TRACES.name}" for name in sorted(there - known)]
    text, alarms, missed, clean = INTRO, 0, 0, 0
    text += "\n| capture | kind | what | messages | findings |\n|---|---|---|---|---|\n"
    for capture, kind, control, rule, source, remark in rows():
        if capture not in there:
            continue
        messages, findings = judge(capture)
        text += f"| {capture} | {kind} | {remark} | {messages} | {told(findings)} |\n"
        if kind == "attack":
            if not findings[(control, rule, source)]:
                missed += 1
                wrong.append(f"{capture}: no {control} {rule} from {source}: {dict(findings)}")
            strangers = {key[2] for key in findings} - {source}
            if kind == "attack" and capture.startswith("attack-traces/") and strangers:
                wrong.append(f"{capture}: findings of {strangers}")
        else:
            clean += messages
            if findings:
                alarms += 1
                wrong.append(f"{capture}: false alarm: {dict(findings)}")
    text += (f"\n{alarms} of the clean and legal captures raised an alarm ({clean} messages); "
             f"{missed} of the attacks were missed.\n")
    if PAPER == "--print":
        print(text, end="")
    elif pathlib.Path(PAPER).read_text() != text:
        wrong.append(f"{PAPER} is not what is so now: print it anew")
    for line in wrong:
        print(line, file=sys.stderr)
    raise SystemExit(bool(wrong))


main()
