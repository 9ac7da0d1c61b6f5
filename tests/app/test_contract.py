#!/usr/bin/env python3
"""The verbs suggest, replay and diff: what traffic shows, and what a new policy would do to it.

    test_contract.py SIPWARDEN TESTS_FOLDER
"""
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
POLICY = FOLDER / "policies/three-zones.yaml"
CARRIER, STRANGER, BORDER = ("192.0.2.1", 5060), ("192.0.2.77", 5060), ("198.51.100.17", 5060)


def run(*words):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)


def datagram(source, target, payload):
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                       socket.inet_aton(source[0]), socket.inet_aton(target[0])) + udp


def capture(path, packets):
    """A pcap of raw IP; each packet is seconds, source and octets, all towards the border."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for seconds, source, payload in packets:
        frame = datagram(source, BORDER, payload)
        out += struct.pack("<IIII", 1764000000 + seconds, 0, len(frame), len(frame)) + frame
    path.write_bytes(out)


def request(method, number, caller, extra="", body=b"", source=CARRIER):
    return (f"{method} sip:+43123456@example.net;user=phone SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {source[0]}:{source[1]};branch=z9hG4bK-{number}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:{caller}@carrier.example;user=phone>;tag=t{number}\r\n"
            f"To: <sip:+43123456@example.net>\r\nCall-ID: c{number}\r\nCSeq: 1 {method}\r\n"
            f"Contact: <sip:{source[0]}:{source[1]}>\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


TRAFFIC = [
    (0, CARRIER, request("INVITE", 1, "+15551234567")),
    (0, CARRIER, request("INVITE", 2, "+15551239999", "X-Private: 1\r\nUser-to-User: 00\r\n")),
    (1, CARRIER, request("PUBLISH", 3, "+15557654321", "Event: presence\r\nContent-Type: text/csv\r\n", b"a,b")),
    (2, CARRIER, request("INVITE", 4, "+4312345", "Priority: psap-callback\r\n")),
    (3, STRANGER, request("INVITE", 5, "+18885551", source=STRANGER)),
]


class Contract(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sipwarden-contract-")
        self.addCleanup(self.folder.cleanup)
        self.base = pathlib.Path(self.folder.name)
        self.capture = self.base / "traffic.pcap"
        self.policy = self.base / "old.yaml"
        # The feeds of the lab's policy are nowhere.
        text = POLICY.read_text()
        begin, end = text.index("feeds:"), text.index("zones:")
        self.policy.write_text(text[:begin] + text[end:])
        capture(self.capture, TRAFFIC)

    def changed(self, old, new):
        path = self.base / "new.yaml"
        text = self.policy.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))
        return path

    def test_the_contract_that_was_seen(self):
        told = run("suggest", self.capture, "--policy", self.policy)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        carrier, stranger = told.stdout.split("  new-")
        self.assertIn("carrier-a:\n    zone: carrier\n", carrier)
        self.assertIn('transports: ["udp"]\n    methods: ["PUBLISH"]', carrier)
        self.assertIn('headers: ["User-to-User", "X-Private"]', carrier)
        self.assertIn('bodies: ["text/csv"]', carrier)
        self.assertIn('numbers: ["+1555123", "+1555765", "+4312345"]', carrier)
        self.assertIn("calls: 10\n    observe: true\n    observe-until: \"2025-12-08\"", carrier)
        self.assertIn('addresses: ["192.0.2.77"]', stranger)

    def test_what_is_suggested_is_a_policy(self):
        told = run("suggest", self.capture, "--policy", self.policy).stdout
        text = self.policy.read_text()
        begin = text.index("  carrier-a:")
        end = text.index("  carrier-t:")
        peers = told[told.index("peers:\n") + len("peers:\n"):]
        peers = peers.replace("carrier-a:\n", "carrier-a:\n    addresses: [192.0.2.0/28]\n"
                              "    hops: [\"udp:192.0.2.1:5060\"]\n    domains: [carrier.example]\n")
        path = self.base / "new.yaml"
        path.write_text(text[:begin] + peers + text[end:])
        checked = run("check", path)
        self.assertEqual(checked.stderr, "")
        replayed = run("replay", self.capture, "--policy", path, "--against", self.policy)
        self.assertIn("no longer CT-SEG-04", replayed.stdout)
        self.assertIn("now   pass to cscf", replayed.stdout)

    def test_events_show_what_was_not_agreed_on(self):
        lines = []
        for number, source, message in TRAFFIC[:3]:
            path = self.base / "message"
            path.write_bytes(message)
            lines.append(run("explain", path, "--policy", self.policy, "--from",
                             f"{source[0]}:{source[1]}", "--json").stdout.strip())
        events = self.base / "events.jsonl"
        events.write_text("\n".join(lines) + "\nnot an event\n")
        told = run("suggest", "--events", events, "--policy", self.policy)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertIn("carrier-a:\n    zone: carrier\n", told.stdout)
        self.assertIn('methods: ["PUBLISH"]', told.stdout)
        self.assertIn('"User-to-User"', told.stdout)
        self.assertEqual(run("suggest", "--events", "/nowhere", "--policy", self.policy).returncode, 3)

    def test_nothing_changes(self):
        told = run("replay", self.capture, "--policy", self.policy, "--against", self.policy)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertEqual(told.stdout, "5 messages, 0 are treated in another way\n")

    def test_what_would_change_and_why(self):
        new = self.changed("    headers: [X-Agreed, Diversion]\n",
                           "    headers: [X-Agreed, Diversion, X-Private]\n    numbers: [\"+1555\"]\n")
        told = run("replay", self.capture, "--policy", new, "--against", self.policy)
        self.assertEqual(told.returncode, 1)
        self.assertIn("INVITE sip:+43123456@example.net;user=phone Call-ID c2", told.stdout)
        self.assertIn("was   pass to cscf, without X-Private, User-to-User", told.stdout)
        self.assertIn("now   pass to cscf, without User-to-User", told.stdout)

    def test_all_that_is_not_passed(self):
        told = run("replay", self.capture, "--policy", self.policy)
        self.assertEqual(told.returncode, 1)
        self.assertIn("now   drop\n    since CT-SEG-04", told.stdout)
        self.assertIn("HDR-11", told.stdout)

    def test_diff_tells_who_may_do_what(self):
        new = self.changed("methods: [MESSAGE, SUBSCRIBE, NOTIFY, REFER, INFO]", "methods: [SUBSCRIBE]")
        told = run("diff", self.policy, new)
        self.assertEqual(told.returncode, 1)
        self.assertRegex(told.stdout, r"MESSAGE")
        self.assertRegex(told.stdout, r"(?i)who may|may no|no longer")

    def test_a_peer_is_observed_until_its_day_is_over(self):
        message = self.base / "message"
        message.write_bytes(TRAFFIC[0][2].replace(b"Max-Forwards: 70", b"Max-Forwards: seventy"))
        for until, verdict in ((None, "pass"), ("2199-12-31", "pass"), ("2020-02-29", "reject 400")):
            words = "" if until is None else f"\n    observe-until: {until}"
            new = self.changed("    domains: [carrier.example]\n",
                               f"    domains: [carrier.example]\n    observe: true{words}\n")
            told = run("explain", message, "--policy", new, "--from", "192.0.2.1:5060")
            self.assertIn(f"verdict   {verdict}", told.stdout, until)
        told = run("check", self.changed("    domains: [carrier.example]\n",
                                         "    domains: [carrier.example]\n    observe-until: 2021-02-29\n"))
        self.assertIn("'2021-02-29' is no date", told.stderr)

    def test_called_wrongly(self):
        for words in (("suggest",), ("suggest", self.capture), ("replay", self.capture),
                      ("replay", "--policy", self.policy)):
            self.assertEqual(run(*words).returncode, 2, words)
        self.assertEqual(run("replay", "/nowhere", "--policy", self.policy).returncode, 3)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
