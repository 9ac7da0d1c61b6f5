#!/usr/bin/env python3
"""The verb inspect on live sources: agents that send HEP, and an interface.

    test_inspect_live.py SIPWARDEN
"""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

PROGRAM = sys.argv[1]
GOOD = ("OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n"
        "Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>\r\n"
        "Call-ID: c1\r\nContact: <sip:a@192.0.2.1>\r\nCSeq: %d OPTIONS\r\n"
        "Content-Length: 0\r\n\r\n")
BAD = GOOD.replace("Content-Length: 0\r\n", "Content-Length: 0\r\nContent-Length: 5\r\n")


def chunk(kind, value, vendor=0):
    return struct.pack(">HHH", vendor, kind, 6 + len(value)) + value


def framed(chunks):
    return b"HEP3" + struct.pack(">H", 6 + len(chunks)) + chunks


def hep(message, protocol=17, content=1, when=None, last=1, kind=15):
    when = time.time() if when is None else when
    return framed(chunk(1, b"\x02") + chunk(2, bytes([protocol])) +
                  chunk(3, bytes([192, 0, 2, last])) + chunk(4, bytes([192, 0, 2, 200])) +
                  chunk(7, struct.pack(">H", 5060)) + chunk(8, struct.pack(">H", 5060)) +
                  chunk(9, struct.pack(">I", int(when))) + chunk(10, b"\0\0\0\x05") +
                  chunk(11, bytes([content])) + chunk(12, b"\0\0\x07\xd1") +
                  chunk(3, b"another vendor's", vendor=7) + chunk(kind, message.encode()))


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Live:
    """The verb while it runs; what it wrote is there after end()."""

    def __init__(self, *words):
        self.process = subprocess.Popen([PROGRAM, "inspect", "--json", *words],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.first = self.process.stderr.readline().decode()

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.end()

    def end(self):
        out, self.complained = self.process.communicate(timeout=30)
        self.lines = [json.loads(line) for line in out.decode().splitlines()]
        self.summary = self.lines[-1] if self.lines else None
        self.counts = self.summary["files"][0]["counts"] if self.lines else None
        return self.process.returncode


class Udp(unittest.TestCase):
    def setUp(self):
        self.port = free_port(socket.SOCK_DGRAM)
        self.where = f"udp:127.0.0.1:{self.port}"
        self.agent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.agent.close)

    def send(self, datagram):
        self.agent.sendto(datagram, ("127.0.0.1", self.port))

    def test_messages_are_judged_as_of_a_capture(self):
        live = Live("--hep", self.where, "--count", "3")
        self.send(hep(GOOD % 1))
        self.send(hep(BAD % 2, last=7))
        self.send(hep(GOOD % 3, protocol=6))
        self.assertEqual(live.end(), 1)
        finding = live.lines[0]
        self.assertEqual(finding["control"], "CT-FW-06")
        self.assertEqual(finding["source"], {"ip": "192.0.2.7", "port": 5060})
        self.assertEqual(finding["frame"], 2)
        self.assertEqual(live.summary["requests"], 3)
        self.assertEqual(live.summary["files"][0]["file"], self.where)
        self.assertEqual((live.counts["SIP_UDP"], live.counts["SIP_TCP"]), (2, 1))

    def test_what_is_no_message_is_counted(self):
        live = Live("--hep", self.where, "--count", "1")
        whole = hep(GOOD % 1)
        self.send(whole[:-1])
        self.send(b"HEP2" + whole[4:])
        self.send(b"")
        self.send(framed(chunk(2, b"\x11") + chunk(11, b"\x01") +  # of nobody
                         chunk(15, (GOOD % 1).encode())))
        self.send(hep(GOOD % 1, content=5))
        self.send(hep(GOOD % 1, protocol=132))
        self.send(hep("no SIP at all"))
        self.send(hep("x", kind=16))
        self.send(hep("\r\n\r\n"))
        self.send(hep(GOOD % 1, when=1000))
        self.assertEqual(live.end(), 0)
        wanted = {"HEP": 10, "HEP_BROKEN": 4, "HEP_OTHER": 3, "HEP_COMPRESSED": 1, "KEEPALIVE": 1,
                  "SIP": 1, "HEP_CLOCK": 1}
        self.assertEqual({name: live.counts[name] for name in wanted}, wanted)

    def test_ends_by_itself_and_on_a_flood(self):
        self.assertEqual(Live("--hep", self.where, "--seconds", "1").end(), 0)
        live = Live("--hep", self.where, "--seconds", "1")
        message = hep(GOOD % 1)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            self.send(message)
        self.assertEqual(live.end(), 0)
        self.assertGreater(live.counts["SIP"], 100)

    def test_refused(self):
        self.agent.bind(("127.0.0.1", self.port))
        for words, told in ((self.where, "in use"), ("udp:127.0.0.1", "not udp:ADDRESS:PORT"),
                            ("sctp:127.0.0.1:9", "not udp:ADDRESS:PORT"),
                            ("udp:192.0.2.77:9060", "192.0.2.77")):
            live = Live("--hep", words)
            self.assertEqual(live.end(), 3)
            self.assertIn(told, live.first)


class Tcp(unittest.TestCase):
    def setUp(self):
        self.port = free_port(socket.SOCK_STREAM)
        self.where = f"tcp:127.0.0.1:{self.port}"

    def connect(self):
        agent = socket.create_connection(("127.0.0.1", self.port))
        agent.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.addCleanup(agent.close)
        return agent

    def test_several_agents_whatever_the_pieces(self):
        live = Live("--hep", self.where, "--count", "500")
        agents = [self.connect() for _ in range(5)]
        for turn in range(50):
            for agent in agents:
                two = hep(GOOD % turn) + hep(BAD % turn)
                cut = (turn * 37) % len(two)
                agent.sendall(two[:cut])
                agent.sendall(two[cut:])
        self.assertEqual(live.end(), 1)
        self.assertEqual(live.counts["SIP"], 500)
        self.assertEqual(live.counts["HEP_CONNECTIONS"], 5)
        self.assertEqual(live.summary["controls"]["CT-FW-06"]["failed"], 250)

    def test_large_and_octet_by_octet(self):
        live = Live("--hep", self.where, "--count", "4")
        agent = self.connect()
        large = hep(GOOD % 1)
        large = framed(large[6:] + chunk(14, bytes(65535 - len(large) - 6)))
        self.assertEqual(len(large), 65535)
        agent.sendall(large + large + hep(GOOD % 2))
        for octet in hep(GOOD % 3):
            agent.sendall(bytes([octet]))
        self.assertEqual(live.end(), 0)
        self.assertEqual((live.counts["SIP"], live.counts.get("HEP_BROKEN", 0)), (4, 0))

    def test_broken_framing_ends_the_connection(self):
        live = Live("--hep", self.where)
        for octets in (b"GET / HTTP/1.1\r\n", b"HEP3\0\x05", hep(GOOD % 1) + b"nonsense"):
            agent = self.connect()
            agent.settimeout(10)
            agent.sendall(octets)
            try:
                self.assertEqual(agent.recv(1), b"")
            except ConnectionResetError:
                pass
        agent = self.connect()
        agent.sendall(hep(GOOD % 1)[:-5])
        agent.close()
        time.sleep(1)
        self.assertEqual(live.stop(signal.SIGTERM), 0)
        self.assertEqual((live.counts["SIP"], live.counts["HEP_BROKEN"]), (1, 4))

    def test_agents_beyond_the_limit(self):
        live = Live("--hep", self.where, "--count", "17")
        busy = self.connect()
        busy.sendall(hep(GOOD % 0))
        time.sleep(0.1)
        crowd = []
        for i in range(300):
            crowd.append(self.connect())
            if i % 20 == 0:
                busy.sendall(hep(GOOD % i))
                time.sleep(0.02)
        crowd[-1].sendall(hep(GOOD % 400))
        self.assertEqual(live.end(), 0)
        self.assertEqual(live.counts["HEP_CONNECTIONS"], 301)
        self.assertEqual(live.counts["HEP_EVICTED"], 45)
        self.assertEqual(live.counts["SIP"], 17)


class Interface(unittest.TestCase):
    def test_loopback(self):
        port = free_port(socket.SOCK_DGRAM)
        live = Live("--interface", "lo", "--filter", f"udp dst port {port}", "--count", "2")
        if "not permitted" in live.first or "needs libpcap" in live.first:
            self.assertEqual(live.end(), 2)
            self.skipTest(live.first)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
            for message in (GOOD % 1, BAD % 2):
                agent.sendto(message.encode(), ("127.0.0.1", port))
        self.assertEqual(live.end(), 1)
        self.assertEqual(live.lines[0]["control"], "CT-FW-06")
        self.assertEqual(live.counts["SIP_UDP"], 2)

    def test_ends(self):
        for end in (lambda live: live.end(), lambda live: live.stop()):
            live = Live("--interface", "lo", "--filter", "udp port 9", "--seconds", "1")
            if "listening" not in live.first:
                live.end()
                self.skipTest(live.first)
            self.assertEqual(end(live), 0)

    def test_refused(self):
        for words, told in ((["nowhere0"], "nowhere0"), (["lo", "--filter", "no no"], "lo")):
            live = Live("--interface", *words)
            self.assertEqual(live.end(), 3)
            self.assertTrue(told in live.first or "filter" in live.first, live.first)


class Usage(unittest.TestCase):
    def test_what_does_not_fit_together(self):
        for words in (["--hep", "udp:127.0.0.1:9", "file.pcap"], ["--count", "3", "file.pcap"],
                      ["--hep", "udp:127.0.0.1:9", "--interface", "lo"],
                      ["--hep", "udp:127.0.0.1:9", "--filter", "udp"], ["--seconds", "0"],
                      ["--hep", "udp:127.0.0.1:9", "--count", "many"]):
            told = subprocess.run([PROGRAM, "inspect", *words], capture_output=True, check=False,
                                  timeout=10)
            self.assertEqual(told.returncode, 2, words)
            self.assertIn(b"usage:", told.stderr)


if __name__ == "__main__":
    del sys.argv[1:]
    os.environ.pop("POSIXLY_CORRECT", None)
    unittest.main()
