#!/usr/bin/env python3
"""policies/schema.json is a JSON Schema, takes every policy that reads, and refuses what is wrong
with a value.  Skipped (77) where python3-jsonschema or python3-yaml is missing."""
import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((ROOT / "policies/schema.json").read_text())
WRONG = ["keys", "values-peers", "values-top", "values-zones"]


def faults(checker, path):
    return sorted({error.json_path for error in checker.iter_errors(yaml.safe_load(path.read_text()))})


def main():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    checker = jsonschema.Draft202012Validator(SCHEMA)
    failed = 0
    good = sorted(ROOT.glob("policies/*.yaml")) + sorted(ROOT.glob("tests/policy/reports/*.yaml"))
    for path in good:
        for fault in faults(checker, path):
            print(f"{path.name}: {fault} is refused, but the policy reads")
            failed += 1
    for name in WRONG:
        found = faults(checker, ROOT / f"tests/policy/complaints/{name}.yaml")
        if len(found) < 4:
            print(f"{name}.yaml: only {found} refused")
            failed += 1
    print(f"{len(good)} good policies, {len(WRONG)} wrong ones, {failed} failed")
    return 1 if failed or len(good) < 6 else 0


sys.exit(main())
