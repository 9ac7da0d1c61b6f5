#!/usr/bin/env python3
"""What inspect writes beside its report: a store that the verbs of the journal read, and a page.

    test_inspect_out.py SIPWARDEN
"""
import html.parser
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

SIPWARDEN = os.path.abspath(sys.argv.pop(1))
HOSTILE = "<script>alert(1)</script>\"'&<img src=http://192.0.2.77/x>"


def checksum_free_udp(source, target, payload):
    udp = struct.pack(">HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    return (struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) +
            bytes(map(int, source[0].split("."))) + bytes(map(int, target[0].split("."))) + udp)


class Capture:
    """A pcap of raw IP, written as its messages are said."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        self.when = 1700000000_000000

    def say(self, source, target, text, gap=1000):
        frame = checksum_free_udp(source, target, text.encode("latin-1"))
        self.when += gap
        self.file.write(struct.pack("<IIII", self.when // 1000000, self.when % 1000000,
                                    len(frame), len(frame)) + frame)

    def close(self):
        self.file.close()


A, B = ("192.0.2.1", 5060), ("192.0.2.2", 5060)


def message(start, call, cseq, tag="", extra=""):
    return (f"{start}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{call}{cseq[:1]}{cseq[2:]}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:+15557654321@a.example>;tag=f{call}\r\n"
            f"To: <sip:bob@b.example>{tag}\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n"
            f"Contact: <sip:192.0.2.1>\r\n{extra}Content-Length: 0\r\n\r\n")


def say_call(capture, call, extra=""):
    capture.say(A, B, message("INVITE sip:bob@b.example SIP/2.0", call, "1 INVITE", extra=extra))
    capture.say(B, A, message("SIP/2.0 180 Ringing", call, "1 INVITE", ";tag=t"))
    capture.say(B, A, message("SIP/2.0 200 OK", call, "1 INVITE", ";tag=t"))
    capture.say(A, B, message("ACK sip:bob@b.example SIP/2.0", call, "1 ACK", ";tag=t"))
    capture.say(A, B, message("BYE sip:bob@b.example SIP/2.0", call, "2 BYE", ";tag=t"), 500000)
    capture.say(B, A, message("SIP/2.0 200 OK", call, "2 BYE", ";tag=t"))


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.marked, self.is_marked, self.links = {}, [], False, []

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.is_marked = tag == "mark"
        for name, value in attributes:
            if name in ("src", "href") or (name == "style" and "url" in value):
                self.links.append(value)

    def handle_data(self, data):
        if self.is_marked:
            self.marked.append(data)
        self.is_marked = False


class Outputs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sipwarden-out-")
        self.addCleanup(folder.cleanup)
        self.base = pathlib.Path(folder.name)

    def path(self, name):
        return str(self.base / name)

    def capture(self, name, calls):
        capture = Capture(self.path(name))
        for call, extra in calls:
            say_call(capture, call, extra)
        capture.close()
        return self.path(name)

    def run_it(self, *words, status=0):
        out = subprocess.run([SIPWARDEN, *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(out.returncode, status, f"{words}\n{out.stdout}{out.stderr}")
        return out.stdout

    def lines(self, *words):
        return [json.loads(line) for line in self.run_it(*words).splitlines()]

    def test_a_store_is_read_like_a_journal(self):
        good = self.capture("a.pcap", [("one", ""), ("two", "")])
        bad = self.capture("b.pcap", [("three", "Content-Length: 5\r\n")])
        store = self.path("s.db")
        self.run_it("inspect", "--quiet", "--store", store, good, bad, status=1)
        calls = {call["call_id"]: call for call in self.lines("calls", "--store", store, "--json")}
        self.assertEqual(set(calls), {"one", "two", "three"})
        self.assertEqual((calls["one"]["state"], calls["one"]["ended_by"], calls["one"]["messages"]),
                         ("ended", "caller", 6))
        self.assertNotIn("7654321", json.dumps(calls))
        events = self.lines("events", "--store", store, "--json")
        self.assertEqual([event["call"] for event in events], ["three"])
        self.assertEqual(events[0]["source"], "192.0.2.1:5060")
        ladder = self.run_it("call", "one", "--store", store)
        self.assertIn("192.0.2.2:5060", ladder)
        self.assertEqual(ladder.count("BYE"), 1)
        self.assertIn("whole", self.run_it("events", "--verify", "--store", store))
        # A second run goes on in the same store.
        self.run_it("inspect", "--quiet", "--store", store, self.capture("c.pcap", [("four", "")]))
        self.assertEqual(len(self.lines("calls", "--store", store, "--json")), 4)
        self.assertIn("whole", self.run_it("events", "--verify", "--store", store))

    def test_a_page_shows_and_escapes(self):
        path = self.capture("a.pcap", [
            ("one", ""), ("two", "Content-Length: 5\r\n"),
            (f"three{HOSTILE}", f"User-Agent: {HOSTILE}\r\nContent-Length: 7\r\n")])
        page_path = self.path("p.html")
        self.run_it("inspect", "--quiet", "--html", page_path, path, status=1)
        text = pathlib.Path(page_path).read_text()
        page = Page()
        page.feed(text)
        self.assertNotIn("script", page.tags)
        self.assertNotIn("img", page.tags)
        self.assertEqual(page.links, [])
        self.assertNotIn("http:", text.replace("&lt;img src=http:", ""))
        self.assertIn("&lt;script&gt;", text)
        self.assertEqual(page.tags["svg"], 2)
        self.assertGreaterEqual(page.tags["mark"], 2)
        self.assertTrue(any("5" in mark for mark in page.marked), page.marked)
        self.assertNotIn("15557654321", text)
        for word in ("CT-FW-06", "BYE", "Content-Security-Policy", "a.pcap"):
            self.assertIn(word, text)

    def test_a_page_is_bounded(self):
        path = self.capture("a.pcap", [(f"c{i}", "Content-Length: 5\r\n") for i in range(300)])
        self.run_it("inspect", "--quiet", "--html", self.path("p.html"), path, status=1)
        text = pathlib.Path(self.path("p.html")).read_text()
        self.assertEqual(text.count("<svg"), 40)
        self.assertIn("Further calls with findings are not shown (260)", text)
        self.assertIn("597 more are not shown", text)
        self.assertLess(len(text), 1 << 20)

    def test_a_browser_opens_it(self):
        chromium = shutil.which("chromium")
        if chromium is None:
            self.skipTest("SKIPPED: chromium is not installed")
        path = self.capture("a.pcap", [("two", f"User-Agent: {HOSTILE}\r\nContent-Length: 5\r\n")])
        self.run_it("inspect", "--quiet", "--html", self.path("p.html"), path, status=1)
        out = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
             f"--user-data-dir={self.path('profile')}", "--dump-dom",
             f"file://{self.path('p.html')}"], capture_output=True, text=True, timeout=90)
        self.assertIn("<svg", out.stdout)
        self.assertIn("Calls with findings", out.stdout)
        self.assertNotIn("Refused to", out.stderr)

    def test_what_cannot_be_written(self):
        path = self.capture("a.pcap", [("one", "")])
        self.run_it("inspect", "--quiet", "--html", "/nonexistent/p.html", path, status=3)
        self.run_it("inspect", "--quiet", "--store", "/nonexistent/s.db", path, status=3)
        other = self.base / "other.db"
        other.write_bytes(b"somebody else's" * 500)
        self.run_it("inspect", "--quiet", "--store", str(other), path, status=3)
        self.assertTrue(other.read_bytes().startswith(b"somebody"))


if __name__ == "__main__":
    unittest.main()
