#!/usr/bin/env python3
"""The house rules as a test.

    tidy.py              checks the tree; what breaks a rule fails, what is only long is told
    tidy.py --quiet      checks, and tells only what fails
    tidy.py --sources    prints the files of the controls, relative to src/guard, for the build
    tidy.py --root DIR   another tree than the one it stands in

What clang-format and clang-tidy hold is left to them.
"""
import argparse
import collections
import pathlib
import re
import sys

arguments = argparse.ArgumentParser(description="The house rules as a test.")
arguments.add_argument("--quiet", action="store_true", help="tell only what fails")
arguments.add_argument("--sources", action="store_true", help="print the files of the controls")
arguments.add_argument("--root", type=pathlib.Path, help="the tree to look at",
                       default=pathlib.Path(__file__).parent.parent)
WANTED = arguments.parse_args()

ROOT = WANTED.root.resolve()
SRC = ROOT / "src"
TESTS = ROOT / "tests"
GUARD = SRC / "guard"

FILE_LINES = 400
FUNCTION_LINES = 60
HEADER_LINES = 120

# What ISO C offers without asking the world for anything: no clock, locale, signal or thread.
PURE_HEADERS = {
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h",
    "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h",
    "string.h",
}

# Who may see the outside world, and what of it: where a path begins -> headers (None: all).
OUTSIDE = {
    "io/": None,
    "app/": None,
    "base/crypto/": None,
    "base/pattern/": None,    # the vectorscan runtime: bytes in, matches out
    "wire/sip/scan": None,    # intrinsics
    "policy/": {"yaml.h"},    # libyaml reads memory we hand it
    "wire/stir/": {"jansson.h"},
}

IMPURE_FLOORS = ("io", "app")

# Without a bound, a context or a thread's safety; each has a better one in base.
BANNED = {
    "strcpy": "text_put", "strcat": "text_put", "strncpy": "text_put", "strncat": "text_put",
    "sprintf": "text_put_format", "vsprintf": "text_put_format", "strtok": "slice_cut",
    "atoi": "slice_number", "atol": "slice_number", "atoll": "slice_number",
    "sscanf": "slice_number", "gets": "a bounded read", "alloca": "an arena",
    "rand": "random_number", "srand": "random_new", "random": "random_number",
    "drand48": "random_number", "time": "the packet's time", "localtime": "localtime_r",
    "gmtime": "gmtime_r", "ctime": "strftime", "asctime": "strftime",
    "inet_addr": "address_read", "inet_aton": "address_read", "inet_pton": "address_read",
    "gethostbyname": "the resolver", "getaddrinfo": "the resolver", "system": "no shell",
    "popen": "no shell", "tmpnam": "mkstemp", "mktemp": "mkstemp",
}

# What a pure floor has no business with, though ISO C declares it.
IMPURE = ["fopen", "freopen", "fread", "fwrite", "fgets", "printf", "fprintf", "puts", "putchar",
          "perror", "getenv", "clock", "exit", "atexit", "signal", "remove", "rename"]

# Spelled in halves, so that this file passes.
MARKERS = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]

TABLE_MACRO = re.compile(r"^([A-Z][A-Z0-9_]*)\(", re.M)

failures = []
told = []


def fail(path, line, message):
    failures.append((str(path.relative_to(ROOT)), line, message))


def tell(path, line, message):
    told.append((str(path.relative_to(ROOT)), line, message))


def blank(match):
    """Keeps the lines of what is left out, so that line numbers stay true."""
    return re.sub(r"[^\n]", " ", match.group(0))


NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
COMMENT_OR_STRING = re.compile(r'(//[^\n]*|/\*.*?\*/)|("(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')',
                               re.S)


def without_comments(text):
    return COMMENT_OR_STRING.sub(lambda m: blank(m) if m.group(1) else m.group(0), text)


class Source:
    """One file, read once: as it is, and with comments, strings and directives blanked."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.split("\n")
        self.commentless = without_comments(self.text)
        self.words = code = NOT_CODE.sub(blank, self.text)
        self.code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, code, flags=re.M)

    def line_of(self, at):
        return self.text.count("\n", 0, at) + 1

    def functions(self):
        """name, line, lines, whether static: a body stands between braces at the margin."""
        for match in re.finditer(r"^\{\n(.*?)^\}$", self.code, re.M | re.S):
            head = self.code[:match.start()].rstrip()
            begin = max(head.rfind(";"), head.rfind("}")) + 1
            names = re.search(r"(\w+)\s*\(", head[begin:])
            if names is None:
                continue
            first = self.line_of(begin + len(head[begin:]) - len(head[begin:].lstrip()))
            yield (names.group(1), first, self.line_of(match.end()) - first + 1,
                   re.match(r"\s*(?:_Noreturn\s+)?static\b", head[begin:]) is not None)


def floor_of(path):
    return path.relative_to(SRC).parts[0]


def read_floors():
    floors = {}
    for line in (SRC / "FLOORS").read_text().split("\n"):
        name, colon, below = line.partition(":")
        if colon and not line.startswith("#"):
            floors[name.strip()] = below.split()
    return floors


def check_floors(source, floors):
    floor = floor_of(source.path)
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', source.commentless, re.M):
        seen = match.group(1).split("/")[0]
        line = source.line_of(match.start())
        if match.group(1).endswith(".inc"):  # made by the build
            continue
        if seen not in floors:
            fail(source.path, line, f'"{match.group(1)}" is not named from src')
        elif seen != floor and seen not in floors[floor]:
            fail(source.path, line, f"{floor} may not include {seen}")


def check_outside(source):
    where = str(source.path.relative_to(SRC))
    rights = [headers for begin, headers in OUTSIDE.items() if where.startswith(begin)]
    if None in rights or source.path.name.startswith("make_"):
        return
    allowed = PURE_HEADERS.union(*rights)
    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>", source.commentless, re.M):
        if match.group(1) not in allowed:
            fail(source.path, source.line_of(match.start()),
                 f"<{match.group(1)}> is the outside world")
    if where == "base/must.c":  # it has nobody left to tell
        return
    for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", source.code):
        if match.group(1) in IMPURE:
            fail(source.path, source.line_of(match.start()),
                 f"{match.group(1)} is not for a pure floor")


def check_words(source):
    for number, line in enumerate(source.lines, 1):
        for marker in MARKERS:
            if re.search(rf"\b{marker}\b", line):
                fail(source.path, number, f"unfinished: {marker}")
        if re.match(r"\s*#\s*if\s+0\b", line):
            fail(source.path, number, "code that is switched off")
        if "\t" in line and source.path.suffix in (".c", ".h", ".def"):
            fail(source.path, number, "a tab")
        if line != line.rstrip():
            fail(source.path, number, "blanks at the end of a line")
    for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", source.code):
        if match.group(1) in BANNED:
            fail(source.path, source.line_of(match.start()),
                 f"{match.group(1)}: use {BANNED[match.group(1)]}")


def check_header(source):
    if "#pragma once" not in source.commentless:
        fail(source.path, 1, "a header without #pragma once")
    if not source.text.startswith("/*"):
        fail(source.path, 1, "a header that does not say what it is")


def check_sizes(source):
    if source.path.suffix == ".def":
        return
    count = len(source.lines) - 1
    if count > (HEADER_LINES if source.path.suffix == ".h" else FILE_LINES):
        tell(source.path, 1, f"{count} lines")
    for name, line, lines, _ in source.functions():
        if lines > FUNCTION_LINES:
            tell(source.path, line, f"{name} has {lines} lines")


def check_conditions(source):
    """A difference between machines is a second file, never a function in two halves."""
    for name, line, lines, _ in source.functions():
        for at in range(line - 1, line - 1 + lines):
            if re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b", source.lines[at]):
                fail(source.path, at + 1, f"a condition of the preprocessor in {name}")


def top_level(code):
    """The declarations at the margin of a file: (begin, text), without what stands in brackets of
    any kind, but for the star and the words of a pointer to a function."""
    depth, begin, opened, text = 0, 0, 0, []
    for at, char in enumerate(code):
        if char in "{([":
            if depth == 0:
                opened = at
                text.append("{}" if char == "{" else char)
            depth += 1
        elif char in "})]":
            depth -= 1
            if depth == 0 and char != "}":
                inside = code[opened + 1:at].strip()
                text.append((inside.split("[")[0] if inside.startswith("*") else "") + char)
            elif depth == 0 and re.search(r"\)\s*\{\}$", "".join(text)):
                begin, text = at + 1, []
        elif depth == 0 and char == ";":
            yield begin, "".join(text)
            begin, text = at + 1, []
        elif depth == 0:
            text.append(char)


def is_mutable(declaration):
    """A declaration of data that may change: its last pointer, or its type, is not const."""
    words = declaration.split("=")[0]
    words = re.sub(r"__attribute__\s*\(\)", "", words).strip()
    words = re.sub(r"^extern\b\s*", "", words)
    if re.match(r"(typedef|_Static_assert|static_assert)\b|\w+_function\b", words) or not words:
        return False
    if re.search(r"\bsig_atomic_t\b", words):
        return False
    if "=" not in declaration and re.match(r"(struct|enum|union)\b[^*]*\{\}\s*$", words):
        return False
    if re.match(r"(struct|enum|union)\s+\w+$", words):
        return False
    if re.search(r"\w\s*\(\)\s*$", words):
        return False
    words = re.sub(r"\((\*[^()]*)\)\s*\(\)\s*$", r"\1", words)
    return not re.search(r"\bconst\b", words[words.rfind("*") + 1:])


def check_mutable(source):
    for begin, declaration in top_level(source.code):
        if is_mutable(declaration):
            line = source.line_of(begin + len(declaration) - len(declaration.lstrip()))
            fail(source.path, line, f"file-scope data that may change: {declaration.split()[-1]}")
    for match in re.finditer(r"^[ \t]+(?:static|_Thread_local)\b[^;={(]*", source.code, re.M):
        if is_mutable(match.group(0).strip().removeprefix("static").strip()):
            fail(source.path, source.line_of(match.start()), "static data that may change")


def rows_of(path, macro):
    """Each row of a table as its line and its columns, strings joined and unquoted."""
    text = without_comments(path.read_text(encoding="utf-8"))
    for match in re.finditer(rf"^{macro}\(", text, re.M):
        yield text.count("\n", 0, match.start()) + 1, columns(text, match.end())


def columns(text, at):
    found, depth, column = [], 0, ""
    while at < len(text):
        token = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|.', re.S).match(text, at).group(0)
        at += len(token)
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
            if depth < 0:
                break
        if token == "," and depth == 0:
            found.append(column)
            column = ""
        else:
            column += token
    found.append(column)
    return [re.sub(r'"\s*"', "", column.strip()).strip('"') for column in found]


def control_rows():
    table = GUARD / "controls.def"
    return list(rows_of(table, "CONTROL")) if table.exists() else []


def layers():
    header = GUARD / "control.h"
    text = without_comments(header.read_text()) if header.exists() else ""
    body = re.search(r"enum control_layer \{(.*?)\}", text, re.S)
    return re.findall(r"\bLAYER_(\w+)", body.group(1)) if body else []


def check_control_order(rows):
    table, order, last = GUARD / "controls.def", layers(), -1
    for line, row in rows:
        if row[3] not in order:
            fail(table, line, f"{row[1]}: no such layer: {row[3]}")
            continue
        at = order.index(row[3])
        if at < last:
            fail(table, line, f"{row[1]}: layer {row[3]} runs before {order[last]}")
        last = max(at, last)


def check_control_files(rows):
    table = GUARD / "controls.def"
    for line, row in rows:
        path = GUARD / "controls" / f"{row[0]}.c"
        if not path.exists():
            fail(table, line, f"{row[1]}: {path.relative_to(ROOT)} is missing")
        elif not re.search(rf"\bcontrol_{row[0]}\(", path.read_text()):
            fail(path, 1, f"no control_{row[0]}")
        vectors = TESTS / "controls" / f"{row[1]}.sip"
        if not vectors.exists():
            fail(table, line, f"{row[1]}: {vectors.relative_to(ROOT)} is missing")
            continue
        text = vectors.read_text(encoding="utf-8", errors="replace")
        for wanted in ("must trip", "must not trip"):
            if wanted not in text:
                fail(vectors, 1, f'no message under "{wanted}"')


def check_control_strays(rows):
    names = {row[0] for _, row in rows}
    ids = {row[1] for _, row in rows}
    for path in sorted((GUARD / "controls").glob("*.c")):
        if path.stem not in names:
            fail(path, 1, "controls.def has no row for it")
    for path in sorted((TESTS / "controls").glob("*.sip")):
        if path.stem not in ids:
            fail(path, 1, "controls.def has no row for it")


def check_controls():
    rows = control_rows()
    table = GUARD / "controls.def"
    for column, what in ((0, "name"), (1, "id")):
        count = collections.Counter(row[column] for _, row in rows)
        for line, row in rows:
            if count[row[column]] > 1:
                fail(table, line, f"the {what} {row[column]} is not its own")
    for line, row in rows:
        if not re.fullmatch(r"CT-[A-Z]{2,4}-\d{2}", row[1]):
            fail(table, line, f"{row[1]} is no id of a control")
    check_control_order(rows)
    check_control_files(rows)
    check_control_strays(rows)


def check_tables():
    for path in sorted(SRC.rglob("*.def")):
        text = without_comments(path.read_text(encoding="utf-8"))
        for macro in sorted(set(TABLE_MACRO.findall(text))):
            seen = {}
            for line, row in rows_of(path, macro):
                key = tuple(row)
                if key in seen:
                    fail(path, line, f"the row of line {seen[key]} again")
                seen.setdefault(key, line)


def check_calls(sources, tests):
    """Functions that nobody names but their own file's head line and their header."""
    words = collections.Counter()
    for source in sources:
        words.update(re.findall(r"\w+", source.words))
    for path in SRC.rglob("*.def"):
        words.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    tested = collections.Counter()
    for source in tests:
        tested.update(re.findall(r"\w+", source.words))
    declared = collections.Counter(
        name for source in sources if source.path.suffix == ".h"
        for name in re.findall(r"(\w+)\s*\([^;{}]*\)[^;{}()]*(?:__attribute__[^;]*)?;", source.code))
    rows = {f"control_{row[0]}" for _, row in control_rows()}
    for source in sources:
        for name, line, _, is_static in source.functions():
            if is_static or name in rows or name == "main":
                continue
            if words[name] <= 1 + min(declared[name], 1):
                tell(source.path, line,
                     f"{name} is called by {'tests alone' if tested[name] else 'nobody'}")


def check():
    floors = read_floors()
    sources = [Source(path) for path in sorted(SRC.rglob("*.[ch]"))]
    tests = [Source(path) for path in sorted(TESTS.rglob("*.[ch]"))]
    for source in sources:
        check_floors(source, floors)
        check_outside(source)
        check_mutable(source)
        check_conditions(source)
        if source.path.suffix == ".h":
            check_header(source)
    for source in sources + tests:
        check_words(source)
        check_sizes(source)
    for path in sorted(SRC.rglob("*.def")):
        check_words(Source(path))
    check_tables()
    check_controls()
    check_calls(sources, tests)
    return len(sources) + len(tests)


def report(count):
    if not WANTED.quiet:
        for path, line, message in sorted(told):
            print(f"{path}:{line}: told: {message}")
    for path, line, message in sorted(failures):
        print(f"{path}:{line}: {message}")
    print(f"tidy: {count} files, {len(told)} told, {len(failures)} broken rules")
    return 1 if failures else 0


def print_sources():
    missing = 0
    for line, row in control_rows():
        path = f"controls/{row[0]}.c"
        if (GUARD / path).exists():
            print(path)
        else:
            print(f"src/guard/controls.def:{line}: {row[1]} has a row, but src/guard/{path} is missing",
                  file=sys.stderr)
            missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(print_sources() if WANTED.sources else report(check()))
