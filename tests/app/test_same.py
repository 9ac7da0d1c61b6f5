#!/usr/bin/env python3
"""What a store finds while it runs, inspect finds in a copy of the same traffic: in what the store itself
sends out in HEP, and in what passed its interface.

    test_same.py SIPWARDEN
"""
import collections
import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_journal import SIPWARDEN, Store, free_port, wait_until  # noqa: E402

IS_ROOT = os.geteuid() == 0
REGISTER_HEADERS = "Expires: 300\r\n"


def found_live(store):
    """(control, rule, source, Call-ID) of every finding the store told."""
    found = collections.Counter()
    lines = (store.journal / "events.jsonl").read_text().splitlines()
    for event in map(json.loads, lines):
        if "sipwarden" not in event or "findings" not in event["sipwarden"]:
            continue
        source = f"{event['source']['ip']}:{event['source']['port']}"
        for finding in event["sipwarden"]["findings"]:
            found[(finding["control"], finding.get("rule", ""), source,
                   event.get("sip", {}).get("call_id", ""))] += 1
    return found


def found_by(lines):
    found = collections.Counter()
    for line in map(json.loads, lines):
        if line["type"] == "finding":
            source = f"{line['source']['ip']}:{line['source']['port']}"
            found[(line["control"], line.get("rule", ""), source, line.get("call_id", ""))] += 1
    return found


class Same(unittest.TestCase):
    def listen(self, store, *words):
        """inspect, listening; its lines are read when it was told to end."""
        process = subprocess.Popen(
            [SIPWARDEN, "inspect", "--json", "--policy", str(store.file), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        line = process.stderr.readline()
        self.assertIn("listening", line)
        return process

    def traffic(self, store):
        """Two good calls, messages that break a rule each, and somebody who is nobody."""
        store.call("good1")
        store.call("good2")
        send = store.send
        send("left", store.request("INVITE", "lengths", extra="Content-Length: 5\r\n"))
        send("left", store.request("INVITE", "cseq").replace("CSeq: 1 INVITE", "CSeq: 1 BYE"))
        send("left", store.request("INVITE", "hops").replace("Max-Forwards: 70", "Max-Forwards: 0"))
        send("left", store.request("INVITE", "uri", uri="sip:a b@core.example"))
        send("left", store.request("INVITE", "relay", uri="sip:x@elsewhere.example"))
        send("left", store.request("BYE", "stray", to_tag=";tag=none"))
        send("left", store.request("INVITE", "header", extra="X-Strange: 1\r\nP-Foo: 2\r\n"))
        send("left", store.request("INVITE", "nul").replace("Max-Forwards", "Subject: a\0b\r\nMax-Forwards"))
        send("left", store.request("SUBSCRIBE", "method"))
        send("left", store.request("INVITE", "tool", extra="User-Agent: friendly-scanner\r\n"))
        send("left", store.request("INVITE", "sdp").replace(
            "Content-Length: 0\r\n\r\n", "Content-Type: application/sdp\r\nContent-Length: 9\r\n\r\nnot sdp\r\n"))
        send("right", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.10;branch=z9hG4bKx\r\n"
             "From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>;tag=2\r\nCall-ID: nobody\r\n"
             "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")

    def compare(self, store, process):
        def counted():
            return store.status()["counters"]["border"]["packets"]
        # Everything was judged, written down and seen by the other.
        before = -1
        while counted() != before:
            before = counted()
            time.sleep(0.6)
        time.sleep(0.8)
        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=20)
        live, copied = found_live(store), found_by(out.splitlines())
        self.assertGreater(len({key[0] for key in live}), 6, live)
        # A store knows that there is no such call; whoever reads a capture cannot know whether one
        # began before it (design 3).
        alone = {(control, rule, call) for control, rule, _, call in live - copied}
        self.assertEqual(alone, {("CT-FW-19", "STA-01", "stray")}, "found by the store alone")
        self.assertEqual(copied - live, collections.Counter(), "found in the copy alone")

    def test_in_copies_of_the_store(self):
        port = free_port("127.0.0.1")
        store = Store(more=f"hep: {{to: 'udp:127.0.0.1:{port}'}}")
        self.addCleanup(store.close)
        process = self.listen(store, "--hep", f"udp:127.0.0.1:{port}")
        self.traffic(store)
        self.compare(store, process)

    @unittest.skipUnless(IS_ROOT, "SKIPPED: capturing wants root")
    def test_on_the_interface(self):
        store = Store()
        self.addCleanup(store.close)
        ports = " or ".join(f"port {store.ports[name]}" for name in ("outside", "inside"))
        process = self.listen(store, "--interface", "lo", "--filter", f"udp and ({ports})")
        self.traffic(store)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.77", 0))
            stranger.sendto(store.request("INVITE", "stranger").encode(),
                            ("127.0.0.1", store.ports["outside"]))
        self.compare(store, process)


if __name__ == "__main__":
    unittest.main()
