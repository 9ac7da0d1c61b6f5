#!/usr/bin/env python3
"""House rules as a test."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sources():
    """Prints the files of the controls, relative to src/guard, in the order of their table."""
    table = ROOT / "src/guard/controls.def"
    if not table.exists():
        return 0
    missing = 0
    for name in re.findall(r"^CONTROL\((\w+)", table.read_text(), re.M):
        path = f"controls/{name}.c"
        if (ROOT / "src/guard" / path).exists():
            print(path)
        else:
            print(f"tidy: src/guard/{path} is missing: controls.def has a row for it", file=sys.stderr)
            missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(sources() if "--sources" in sys.argv[1:] else 0)
