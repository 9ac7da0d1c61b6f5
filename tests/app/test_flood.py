#!/usr/bin/env python3
"""The verb flood: where it refuses to go, and good calls through a store that is attacked.

    test_flood.py SIPWARDEN
"""
import json
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = sys.argv[1]
POLICY = """
site: flooded
domains: [example.net]
zones:
  carriers:
    class: interconnect
    listeners: ["udp:127.0.91.1:24060"]
    media: pass
    rates: {called-number: 0, called-prefix: 0}
  core:
    class: core
    listeners: ["udp:127.0.91.5:24061"]
    media: pass
peers:
  caller:
    zone: carriers
    addresses: [127.0.91.2]
    hops: ["udp:127.0.91.2:24070"]
  answerer:
    zone: core
    hops: ["udp:127.0.91.6:24071"]
routes:
  - {from: carriers, to: answerer}
"""


def flood(*words):
    return subprocess.run([PROGRAM, "flood", *words], capture_output=True, text=True, timeout=60,
                          check=False)


class Scope(unittest.TestCase):
    def test_refuses_the_world(self):
        for where in ("192.0.2.1:5060", "10.0.0.1:5060", "[2001:db8::1]:5060", "0.0.0.0:5060",
                      "255.255.255.255:5060", "[::ffff:192.0.2.1]:5060"):
            run = flood("--to", where, "--seconds", "1", "--attack", "options=10")
            self.assertEqual(run.returncode, 3, where)
            self.assertIn("goes nowhere else", run.stderr)

    def test_refuses_each_place(self):
        for words in (("--at", "192.0.2.1:5060"),
                      ("--answer", "192.0.2.1:5060", "--from", "127.0.91.2:24099")):
            run = flood("--to", "127.0.91.9:24060", "--seconds", "1", *words)
            self.assertEqual(run.returncode, 3, words)

    def test_refuses_nonsense(self):
        for words in ((), ("--to", "somewhere"), ("--to", "127.0.0.1:1", "--attack", "nuclear=1"),
                      ("--to", "127.0.0.1:1", "--attack", "options=99999999"),
                      ("--to", "127.0.0.1:1", "--seconds", "100000")):
            self.assertEqual(flood(*words).returncode, 2, words)


class Calls(unittest.TestCase):
    def test_calls_go_on(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/policy.yaml"
            with open(path, "w", encoding="utf-8") as file:
                file.write(POLICY)
            store = subprocess.Popen([PROGRAM, "run", path, "--state", folder + "/state"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            try:
                while "ready" not in store.stderr.readline():
                    time.sleep(0.01)
                run = flood("--to", "127.0.91.1:24060", "--from", "127.0.91.2:24070", "--answer",
                            "127.0.91.6:24071", "--call", "sip:+1555#######@example.net", "--calls",
                            "40", "--seconds", "2", "--attack", "invite=2000", "--attack",
                            "response=2000", "--attack", "malformed=2000", "--sources", "1000",
                            "--json")
            finally:
                store.terminate()
                time.sleep(0.5)  # twice: not waiting for calls that have ended
                store.terminate()
                store.wait(timeout=60)
                store.stderr.close()
        sums = json.loads(run.stdout)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertGreaterEqual(sums["offered"], 79)
        self.assertEqual(sums["completed"], sums["offered"])
        self.assertGreater(sums["attack"]["response"], 1000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
