#!/usr/bin/env python3
"""A store over TLS as its neighbours and its operator see it.

    test_tls.py SIPWARDEN
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

SIPWARDEN = os.path.abspath(sys.argv.pop(1))
IS_ROOT = os.geteuid() == 0
OPTIONS = (
    "OPTIONS sip:sbc.example.net SIP/2.0\r\n"
    "Via: SIP/2.0/TLS 127.0.0.2:5061;branch=z9hG4bK{0}\r\nMax-Forwards: 70\r\n"
    "From: <sip:a@carrier.example>;tag=1\r\nTo: <sip:sbc.example.net>\r\nCall-ID: {0}\r\n"
    "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def free_port(host):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def scalar_of(key):
    """The private number of an EC key, as memory holds it: in either order of octets."""
    text = subprocess.run(["openssl", "pkey", "-in", key, "-text", "-noout"], check=True,
                          capture_output=True, text=True).stdout
    digits = re.search(r"priv:\n((?:\s+[0-9a-f:]+\n)+)", text).group(1)
    octets = bytes.fromhex(re.sub(r"[\s:]", "", digits))[-32:]
    return octets, octets[::-1]


def memory_of(pid):
    """All that a process has, readable part by readable part."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end = (int(part, 16) for part in line.split()[0].split("-"))
            if "r" not in line.split()[1] or end - begin > 256 << 20 or "[v" in line:
                continue
            try:
                memory.seek(begin)
                yield memory.read(end - begin)
            except OSError:
                continue


class Tls(unittest.TestCase):
    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="sipwarden-tls-"))
        self.lab = self.base / "lab"
        self.process = None
        self.port = free_port("127.0.0.1")

    def tearDown(self):
        self.stop()
        shutil.rmtree(self.base)

    def run_verb(self, *words):
        return subprocess.run([SIPWARDEN, *map(str, words)], capture_output=True, text=True,
                              timeout=30)

    def make_policy(self):
        """What init prints, with the addresses of this machine."""
        made = self.run_verb("init", "--role", "interconnect", "--lab-certificates", self.lab)
        self.assertEqual(made.returncode, 0, made.stderr)
        text = made.stdout
        for old, new in (("10.0.0.10:5061", f"127.0.0.10:{self.port}"),
                         ("198.51.100.10:5061", f"127.0.0.1:{self.port}"),
                         ("10.0.0.20:5061, tls:10.0.0.21:5061", "127.0.0.20:5061"),
                         ("203.0.113.1:5061", "127.0.0.2:5061")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        text = re.sub(r"media: .*", "media: pass", text)
        self.policy = self.base / "policy.yaml"
        self.policy.write_text(text + f"journal: {self.base}/journal\n")

    def start(self):
        self.log = open(self.base / "log", "w+")
        self.process = subprocess.Popen(
            [SIPWARDEN, "run", self.policy, "--state", self.base / "state"], stdout=self.log,
            stderr=self.log)
        self.wait("ready")

    def wait(self, word, seconds=20):
        for _ in range(seconds * 20):
            if word in (self.base / "log").read_text():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.fail(f"{word!r} was not said: " + (self.base / "log").read_text())

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process is not None:
            self.log.close()

    def status(self):
        asked = self.run_verb("status", "--json", "--state", self.base / "state")
        self.assertEqual(asked.returncode, 0, asked.stderr)
        return json.loads(asked.stdout)

    def pid(self, role):
        return self.status()["processes"][role]["pid"]

    def open(self, name="sbc.carrier.example", host="127.0.0.2"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.lab / "ca.pem")
        if name is not None:
            context.load_cert_chain(self.lab / f"{name}.pem", self.lab / f"{name}.key")
        raw = socket.create_connection(("127.0.0.1", self.port), 5, (host, 0))
        raw.settimeout(5)
        return context.wrap_socket(raw, server_hostname="sbc.example.net")

    def ask(self, connection, number):
        connection.sendall(OPTIONS.format(number).encode())
        return connection.recv(4096).decode()

    def wait_for_reload(self, version):
        for _ in range(200):
            if self.status()["processes"]["border"]["policy"] == version:
                return
            time.sleep(0.05)
        self.fail("the reload was not taken")

    def test_what_init_prints_runs(self):
        self.make_policy()
        self.start()
        with self.open() as connection:
            self.assertEqual(connection.version(), "TLSv1.3")
            self.assertIn("SIP/2.0 200", self.ask(connection, "one"))
            ledger = {peer["name"]: peer["tls"] for peer in self.status()["peers"]}
            time.sleep(0.3)
            self.assertEqual(ledger["one-carrier"]["version"], "1.3")
            self.assertGreater(ledger["one-carrier"]["certificate_ends"], time.time())
        listed = self.run_verb("certs", "--json", self.policy)
        self.assertEqual(listed.returncode, 0, listed.stdout)
        self.assertEqual({entry["kind"] for entry in json.loads(listed.stdout)}, {"own", "root"})

    def test_others_are_refused(self):
        self.make_policy()
        self.start()
        for name, host, reason in (("cscf.ims.example.net", "127.0.0.2", "wrong-name"),
                                   (None, "127.0.0.2", "no-certificate"),
                                   ("sbc.carrier.example", "127.0.0.3", "stranger")):
            with self.assertRaises((ssl.SSLError, OSError, AssertionError), msg=reason):
                with self.open(name, host) as connection:
                    self.assertIn("SIP/2.0 200", self.ask(connection, "two"))
            time.sleep(0.1)
            counters = self.status()["counters"]["border"]
            self.assertEqual(counters[f"tls-refused-{reason}"], 1)

    @unittest.skipUnless(IS_ROOT, "reading another process's memory needs root")
    def test_private_key_is_with_the_keeper_only(self):
        self.make_policy()
        self.start()
        with self.open() as connection:
            self.assertIn("SIP/2.0 200", self.ask(connection, "three"))
            number = scalar_of(self.lab / "key.pem")
            base64 = (self.lab / "key.pem").read_text().splitlines()[1].encode()

            def has(role):
                return any(wanted in part for part in memory_of(self.pid(role))
                           for wanted in (*number, base64))

            self.assertTrue(has("keeper"))
            for role in ("border", "recorder", "resolver"):
                self.assertFalse(has(role), role)

    def test_reload_keeps_connections(self):
        self.make_policy()
        self.start()
        with self.open() as old:
            before = old.getpeercert(True)
            self.assertIn("SIP/2.0 200", self.ask(old, "four"))
            again = self.base / "again"
            self.assertEqual(
                self.run_verb("init", "--lab-certificates", again).returncode, 0)
            # Another authority: whoever was believed is no more, whoever is there stays.
            for name in os.listdir(again):
                shutil.copy(again / name, self.lab / name)
            self.process.send_signal(signal.SIGHUP)
            self.wait_for_reload(1)
            self.assertIn("SIP/2.0 200", self.ask(old, "five"))
            with self.open() as new:
                self.assertNotEqual(new.getpeercert(True), before)
                self.assertIn("SIP/2.0 200", self.ask(new, "six"))
            self.assertIn("SIP/2.0 200", self.ask(old, "seven"))

    def test_bad_files_change_nothing(self):
        self.make_policy()
        self.start()
        (self.lab / "key.pem").chmod(0o644)
        self.process.send_signal(signal.SIGHUP)
        self.wait("others than its owner may use this key")
        (self.lab / "key.pem").chmod(0o600)
        shutil.copy(self.lab / "sbc.carrier.example.key", self.lab / "key.pem")
        self.process.send_signal(signal.SIGHUP)
        self.wait("is not the key of the certificate")
        with self.open() as connection:
            self.assertIn("SIP/2.0 200", self.ask(connection, "eight"))

    def make_access_policy(self):
        """Devices over WebSocket, a page they come from, a core that nobody needs here."""
        self.make_policy()
        self.policy.write_text(f"""
site: web
domains: [example.net]
realms: [example.net]
tls: {{certificate: {self.lab}/certificate.pem, key: {self.lab}/key.pem, ca: {self.lab}/ca.pem}}
zones:
  devices:
    class: access-internet
    host: sbc.example.net
    listeners: ["wss:127.0.0.1:{self.port}"]
    media: pass
    origins: ["https://phone.example.net"]
    methods: [OPTIONS]
  core: {{class: core, listeners: ["udp:127.0.0.10:{self.port}"], media: pass}}
peers:
  cscf: {{zone: core, hops: ["udp:127.0.0.20:5060"]}}
routes:
  - {{emergency: true, to: cscf}}
  - {{from: devices, to: cscf}}
journal: {self.base}/journal
""")

    def upgrade(self, origin):
        connection = self.open(None)
        connection.sendall((
            "GET / HTTP/1.1\r\nHost: sbc.example.net\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n"
            f"Origin: {origin}\r\n\r\n").encode())
        return connection, connection.recv(4096).decode()

    def test_browser_over_wss(self):
        self.make_access_policy()
        self.start()
        connection, answer = self.upgrade("https://evil.example")
        connection.close()
        self.assertIn("403", answer.split("\r\n")[0])
        connection, answer = self.upgrade("https://phone.example.net")
        with connection:
            self.assertIn("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer)
            text = (
                "OPTIONS sip:sbc.example.net SIP/2.0\r\n"
                "Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKweb\r\nMax-Forwards: 70\r\n"
                "From: <sip:alice@example.net>;tag=1\r\nTo: <sip:sbc.example.net>\r\n"
                "Call-ID: web\r\nCSeq: 1 OPTIONS\r\n\r\n").encode()
            mask = os.urandom(4)
            length = bytes([0x80 | 126]) + len(text).to_bytes(2, "big")
            connection.sendall(b"\x81" + length + mask +
                               bytes(octet ^ mask[i % 4] for i, octet in enumerate(text)))
            answer = connection.recv(4096)
            self.assertEqual(answer[0], 0x81)
            self.assertIn(b"SIP/2.0 200", answer)
            self.assertIn(b"SIP/2.0/WSS df7jal23ls0d.invalid", answer)

    def test_one_connection_for_both_directions(self):
        """RFC 5923: a call towards the carrier goes over the connection the carrier opened, once it
        said alias and proved its name; without the word another one would be opened."""
        self.make_policy()
        self.start()
        invite = (
            "INVITE sip:+15550001@ims.example.net;user=phone SIP/2.0\r\n"
            "Via: SIP/2.0/TLS 127.0.0.20:5061;branch=z9hG4bKc{0}\r\nMax-Forwards: 70\r\n"
            "From: <sip:bob@ims.example.net>;tag=1\r\n"
            "To: <sip:+15550001@ims.example.net;user=phone>\r\nCall-ID: c{0}\r\n"
            "CSeq: 1 INVITE\r\nContact: <sip:127.0.0.20:5061;transport=tls>\r\n"
            "Content-Length: 0\r\n\r\n")
        with self.open() as carrier:
            request = OPTIONS.format("alias").replace("5061;branch", "5061;alias;branch")
            carrier.sendall(request.encode())
            self.assertIn("SIP/2.0 200", carrier.recv(4096).decode())
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(self.lab / "ca.pem")
            name = self.lab / "cscf.ims.example.net"
            context.load_cert_chain(f"{name}.pem", f"{name}.key")
            raw = socket.create_connection(("127.0.0.10", self.port), 5, ("127.0.0.20", 0))
            raw.settimeout(5)
            with context.wrap_socket(raw, server_hostname="sbc.example.net") as core:
                core.sendall(invite.format(1).encode())
                arrived = carrier.recv(4096).decode()
                self.assertTrue(arrived.startswith("INVITE sip:"), arrived)
            time.sleep(0.4)
            counters = self.status()["counters"]["border"]
            self.assertEqual(counters["tcp-aliases"], 1)
            self.assertEqual(counters["tcp-opened"], 0)

    def test_keeper_that_died_signs_again(self):
        self.make_policy()
        self.start()
        os.kill(self.pid("keeper"), signal.SIGKILL)
        for _ in range(100):
            try:
                with self.open() as connection:
                    self.assertIn("SIP/2.0 200", self.ask(connection, "nine"))
                return
            except (OSError, ssl.SSLError):
                time.sleep(0.1)
        self.fail("nobody signs any more")


if __name__ == "__main__":
    unittest.main(verbosity=2)
