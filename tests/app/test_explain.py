#!/usr/bin/env python3
"""The verbs explain and controls, as an operator types them.

    test_explain.py SIPWARDEN TESTS_FOLDER
"""
import json
import pathlib
import subprocess
import sys
import unittest

PROGRAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
POLICY = FOLDER / "policies/three-zones.yaml"
INVITE = FOLDER / "guard/volte_invite.sip"


def run(*words, given=None):
    return subprocess.run([PROGRAM, *map(str, words)], input=given, capture_output=True,
                          check=False)


def explain(*words, given=None):
    return run("explain", *words, "--policy", POLICY, given=given)


class Explain(unittest.TestCase):
    def test_peer_is_found_by_address(self):
        told = explain(INVITE, "--text", "--from", "192.0.2.1:5060")
        self.assertEqual(told.returncode, 1)  # a header of the list was found
        text = told.stdout.decode()
        self.assertIn("zone carrier (interconnect), peer carrier-a", text)
        self.assertIn("CT-SEG-09 (NNI-12)", text)
        self.assertTrue(text.rstrip().endswith("verdict   pass"))

    def test_stranger_is_met_with_silence(self):
        told = explain(INVITE, "--text", "--from", "203.0.113.9", "--to", "198.51.100.17")
        self.assertIn("verdict   drop by CT-SEG-04", told.stdout.decode())

    def test_stream_and_json(self):
        told = explain("-", "--from", "198.18.0.7", "--transport", "tcp", "--json",
                       given=b"OPTIONS sip:sbc.example.net SIP/2.0\r\n\r\n")
        event = json.loads(told.stdout)
        self.assertEqual(event["sipwarden"]["verdict"], "close")
        self.assertEqual(event["rule"]["id"], "CT-FW-06")
        self.assertEqual(event["sipwarden"]["outcomes"]["CT-FW-06"], "failed")

    def test_line_ends_are_hinted_at(self):
        told = explain(INVITE, "--from", "192.0.2.1")
        self.assertIn(b"--text", told.stderr)

    def test_nothing_found(self):
        message = (b"OPTIONS sip:198.51.100.17 SIP/2.0\r\n"
                   b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\n"
                   b"From: <sip:carrier.example>;tag=1\r\nTo: <sip:198.51.100.17>\r\n"
                   b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n")
        told = explain("-", "--from", "192.0.2.1", given=message)
        # Feeds of the policy are not there; that is told, and nothing else.
        rest = [line for line in told.stderr.splitlines() if b": feed " not in line]
        self.assertEqual((told.returncode, rest), (0, []))
        self.assertIn("target    the border itself", told.stdout.decode())

    def test_called_wrongly(self):
        self.assertEqual(explain(INVITE).returncode, 2)
        self.assertEqual(explain(INVITE, "--from", "somewhere").returncode, 2)
        self.assertEqual(explain(FOLDER / "none", "--from", "192.0.2.1").returncode, 3)


class Controls(unittest.TestCase):
    def test_all(self):
        every = json.loads(run("controls", "--json").stdout)
        self.assertGreaterEqual(len(every), 27)
        self.assertEqual(len({control["id"] for control in every}), len(every))
        for control in every:
            self.assertTrue((FOLDER / "controls" / f"{control['id']}.sip").exists())

    def test_one(self):
        self.assertIn(b"RFC 3261 s18.3", run("controls", "CT-FW-06").stdout)
        self.assertEqual(json.loads(run("controls", "--json", "CT-FW-06").stdout)["hard"], True)
        self.assertEqual(run("controls", "CT-FW-99").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
