#!/usr/bin/env python3
"""The last line of `make test` must tell the truth."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TALLY = pathlib.Path(__file__).resolve().parent.parent.parent / "tools/tally.py"


class Tally(unittest.TestCase):
    def tally(self, meson, interop, broken=0):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ("testlog.json", "results")]
            for path, text in zip(paths, (meson, interop)):
                if text is not None:
                    path.write_text(text)
            done = subprocess.run([sys.executable, TALLY, "--broken", str(broken), *paths],
                                  capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()

    def meson(self, *results):
        return "".join(json.dumps({"name": f"t{i}", "result": result}) + "\n"
                       for i, result in enumerate(results))

    def test_all_passed(self):
        code, lines = self.tally(self.meson("OK", "EXPECTEDFAIL"), "passed a call\n\npassed b\n")
        self.assertEqual((code, lines), (0, ["4 passed, 0 failed"]))

    def test_each_failure_counts(self):
        for result in ("FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS", "news"):
            code, lines = self.tally(self.meson("OK", result), "passed a\n")
            self.assertEqual((code, lines), (1, ["failed: t1", "2 passed, 1 failed"]))
        code, lines = self.tally(self.meson("OK"), "passed a\nfailed b: no ringing\ncrashed\n")
        self.assertEqual((code, lines[-1]), (1, "2 passed, 2 failed"))

    def test_skipped_is_neither(self):
        code, lines = self.tally(self.meson("OK", "SKIP"), "skipped b: no kamailio\npassed a\n")
        self.assertEqual(code, 0)
        self.assertEqual(lines, ["skipped: t1", "skipped: b: no kamailio", "2 skipped",
                                 "2 passed, 0 failed"])

    def test_silence_never_passes(self):
        for meson, interop in ((None, "passed a\n"), (self.meson("OK"), None), ("", "passed a\n"),
                               (self.meson("OK"), "")):
            code, lines = self.tally(meson, interop)
            self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed"))
        self.assertEqual(self.tally(self.meson("OK"), "passed a\n", 1), (1, ["2 passed, 1 failed"]))
        self.assertEqual(self.tally(self.meson("SKIP"), "skipped a\n")[0], 1)


if __name__ == "__main__":
    unittest.main()
