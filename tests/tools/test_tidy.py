#!/usr/bin/env python3
"""Each house rule must be able to fail: small trees that break one rule each."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TIDY = pathlib.Path(__file__).resolve().parent.parent.parent / "tools/tidy.py"

FLOORS = "# floors\nbase:\nwire: base\nguard: base wire\nio: base\n"
LAYERS = "/*\n * Controls.\n */\n#pragma once\nenum control_layer { LAYER_FIRST, /* a */ LAYER_SECOND };\n"
VECTORS = "must trip\n\nmust not trip\n"
ROW = 'CONTROL({name}, "{id}", AREA, {layer}, HIGH, DROP,\n        "finds, and \\"more\\"", "why")\n'


def control(name):
    return f"#include \"guard/control.h\"\n\nenum outcome control_{name}(struct inspection *inspection)\n{{\n}}\n"


class Tidy(unittest.TestCase):
    def tidy(self, files, *options):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {"src/FLOORS": FLOORS, **files}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            (root / "tests").mkdir(exist_ok=True)
            return subprocess.run([sys.executable, TIDY, "--root", root, *options],
                                  capture_output=True, text=True)

    def passes(self, files):
        done = self.tidy(files)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def fails(self, files, words):
        done = self.tidy(files)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn(words, done.stdout)

    def broken(self, text, words, path="src/base/a.c"):
        self.fails({path: text}, words)

    def fine(self, text, path="src/base/a.c"):
        return self.passes({path: text})

    def controls(self, *rows, without=(), **files):
        tree = {"src/guard/control.h": LAYERS,
                "src/guard/controls.def": "".join(
                    ROW.format(name=name, id=id, layer=layer) for name, id, layer in rows)}
        for name, id, _ in rows:
            tree[f"src/guard/controls/{name}.c"] = control(name)
            tree[f"tests/controls/{id}.sip"] = VECTORS
        tree.update(files)
        return {path: text for path, text in tree.items() if path not in without}

    def test_floors(self):
        self.broken('#include "wire/x.h"\n', "base may not include wire")
        self.broken('#include "b.h"\n', "is not named from src")
        self.broken('#include "guard/x.h"\n', "wire may not include guard", "src/wire/sip/a.c")
        self.fine('#include "base/x.h"\n#include "wire/x.h"\n', "src/guard/a.c")
        self.fine('/* #include "wire/x.h" */\n#include "names.inc"\n')

    def test_outside_world(self):
        self.broken("#include <sys/socket.h>\n", "is the outside world")
        self.broken("#include <time.h>\n", "is the outside world", "src/wire/a.c")
        self.fine("#include <sys/socket.h>\n", "src/io/a.c")
        self.fine("#include <openssl/evp.h>\n", "src/base/crypto/a.c")
        self.fine("#include <immintrin.h>\n", "src/wire/sip/scan_avx2.c")
        self.broken("#include <immintrin.h>\n", "is the outside world", "src/wire/sip/a.c")
        self.broken("static void f(void)\n{\n    getenv(\"A\");\n}\n", "not for a pure floor")
        self.fine("static void f(void)\n{\n    x.remove(1);\n    y->exit();\n}\n")

    def test_words(self):
        self.broken("static void f(void)\n{\n    strcpy(a, b);\n}\n", "use text_put")
        self.broken("static void f(void)\n{\n    t = time (NULL);\n}\n", "packet's time", "src/io/a.c")
        self.broken("/* TO" + "DO: more */\n", "unfinished")
        self.broken("#if 0\n#endif\n", "switched off")
        self.broken("int f(void);\t\n", "a tab")
        self.broken("int f(void); \n", "blanks")
        self.broken("/* FIX" + "ME */\n", "unfinished", "tests/base/test_a.c")
        self.fine('static const char a[] = "strcpy(";\n/* sprintf( */\nint wait_time(int a);\n')

    def test_file_scope_data(self):
        for text in ("static int a;\n", "int a = 5;\n", "static const char *a;\n",
                     "static const char *a[] = {\"x\"};\n", "static struct a { int b; } c;\n",
                     "extern int a;\n", "_Thread_local int a;\n", "static void (*a)(int);\n",
                     "static void (*a[2])(const int *b) = {f, g};\n",
                     "static int a[4] = {1, 2};\n",
                     "static void f(void)\n{\n    static int calls;\n}\n",
                     "static void f(void)\n{\n    static char room[5] = {0};\n}\n"):
            with self.subTest(text):
                self.broken(text, "may change")

    def test_constant_data(self):
        for text in ("static const int a = 5;\n", "const char *const a[] = {\"x\", \"y\"};\n",
                     "static void (*const a[26])(int b,\n    int c) = {\n    [1] = f,\n};\n",
                     "static const struct a b[] = {{1, {2}}, {3, {4}}};\n",
                     "struct a { int b; };\nstruct c;\nenum { D = 1 };\ntypedef int e;\n",
                     "static int f(int a, int *b)\n{\n    int c = a;\n    return c;\n}\n",
                     "int f(void) __attribute__((format(printf, 1, 2)));\n",
                     "static void f(void)\n{\n    static const int a = 1;\n}\n",
                     "static volatile sig_atomic_t a;\n",
                     "_Static_assert(sizeof(int) == 4, \"a\");\n"):
            with self.subTest(text):
                self.fine(text)

    def test_headers(self):
        self.broken("/* a */\nint a(void);\n", "#pragma once", "src/base/a.h")
        self.broken("#pragma once\n", "does not say", "src/base/a.h")
        self.fine("/*\n * A.\n */\n#pragma once\n", "src/base/a.h")

    def test_long_is_told(self):
        said = self.fine("static int f(int a,\n             int b)\n{\n" + "    a++;\n" * 60 + "}\n")
        self.assertIn("f has 64 lines", said)
        self.assertIn("401 lines", self.fine("int a(void);\n" * 401))
        self.assertNotIn("has", self.fine("static int f(void)\n{\n" + "    a();\n" * 50 + "}\n"))

        self.assertIn("125 lines", self.fine("/*\n * A.\n */\n#pragma once\n" + "int a(void);\n" * 121,
                                             "src/base/a.h"))

    def test_conditions(self):
        self.broken("static void f(void)\n{\n#ifdef A\n    a();\n#endif\n}\n", "preprocessor in f")
        self.fine("#ifdef A\nint a(void);\n#endif\n\nstatic void f(void)\n{\n    a();\n}\n")

    def test_uncalled_is_told(self):
        tree = {"src/base/a.h": "/*\n * A.\n */\n#pragma once\nint used(void);\nint alone(void);\n",
                "src/base/a.c": "int used(void)\n{\n}\n\nint alone(void)\n{\n}\n",
                "src/base/b.c": "static int b(void)\n{\n    return used();\n}\n"}
        said = self.passes(tree)
        self.assertIn("alone is called by nobody", said)
        self.assertNotIn("used is called", said)
        said = self.passes({**tree, "tests/base/test_a.c": "int main(void)\n{\n    alone();\n}\n"})
        self.assertIn("alone is called by tests alone", said)

    def test_rows(self):
        self.fails({"src/base/a.def": "ROW(A, 1)\nROW(B, 1)\nROW(A,  1)\n"}, "the row of line 1 again")
        self.passes({"src/base/a.def": "ROW(A, 1)\nROW(A, 2)\n"})

    def test_controls(self):
        rows = [("a", "CT-FW-01", "FIRST"), ("b", "CT-FW-02", "SECOND")]
        self.passes(self.controls(*rows))
        self.fails(self.controls(*reversed(rows)), "layer FIRST runs before SECOND")
        self.fails(self.controls(("a", "CT-FW-01", "THIRD")), "no such layer")
        self.fails(self.controls(("a", "CT-FW-01", "FIRST"), ("b", "CT-FW-01", "FIRST")),
                   "the id CT-FW-01 is not its own")
        self.fails(self.controls(("a", "FW-01", "FIRST")), "no id of a control")
        self.fails(self.controls(*rows, without=["src/guard/controls/a.c"]), "a.c is missing")
        self.fails(self.controls(*rows, without=["tests/controls/CT-FW-02.sip"]),
                   "CT-FW-02.sip is missing")
        self.fails(self.controls(*rows, **{"src/guard/controls/a.c": control("c")}), "no control_a")
        self.fails(self.controls(*rows, **{"src/guard/controls/c.c": control("c")}), "no row for it")
        self.fails(self.controls(*rows, **{"tests/controls/CT-FW-09.sip": VECTORS}), "no row for it")
        self.fails(self.controls(*rows, **{"tests/controls/CT-FW-01.sip": "must trip\n"}),
                   'no message under "must not trip"')

    def test_sources(self):
        rows = [("b", "CT-FW-01", "FIRST"), ("a", "CT-FW-02", "SECOND")]
        done = self.tidy(self.controls(*rows), "--sources")
        self.assertEqual((done.returncode, done.stdout), (0, "controls/b.c\ncontrols/a.c\n"))
        done = self.tidy({}, "--sources")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        done = self.tidy(self.controls(*rows, without=["src/guard/controls/a.c"]), "--sources")
        self.assertEqual(done.returncode, 1)
        self.assertIn("CT-FW-02 has a row, but src/guard/controls/a.c is missing", done.stderr)


if __name__ == "__main__":
    unittest.main()
