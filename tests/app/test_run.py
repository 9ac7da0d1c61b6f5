#!/usr/bin/env python3
"""A whole store as an operator sees it: starts, drops, answers, reloads, survives, ends.

    test_run.py SIPWARDEN
"""
import base64
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SIPWARDEN = os.path.abspath(sys.argv.pop(1))
ROLES = ("border", "media", "keeper", "recorder", "resolver")
IS_ROOT = os.geteuid() == 0

POLICY = """
site: test
domains: [test.example]
realms: [test.example]
journal: {journal}
zones:
  devices:
    class: access-internet
    listeners: [{listeners}]
    media: 127.0.0.1:{media}-{media_end}
    methods: [OPTIONS]
  inside:
    class: core
    listeners: [udp:127.0.0.10:{core}, tcp:127.0.0.10:{core}]
    media: 127.0.0.10:{media}-{media_end}
peers:
  registrar:
    zone: inside
    hops: [{hop}]
    {peer}
routes:
  - {{emergency: true, to: registrar}}
  - {{from: devices, to: registrar}}
  - {{from: inside, to: devices}}
timers: {{drain: {drain}, token-key: 1h}}
capacity: {{transactions: 256, dialogs: 128, registrations: 128, media-sessions: 64,
           text-memory: 1024, connections: 64, workers: {workers}}}
{more}
"""


def free_port(host="127.0.0.1"):
    """Free for udp and tcp; somebody else may take it, as always."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind((host, 0))
            try:
                tcp.bind((host, udp.getsockname()[1]))
                return udp.getsockname()[1]
            except OSError:
                continue


def request(method, port, branch, transport="TCP", local=None, extra=""):
    via = f"{local[0]}:{local[1]}" if local else "127.0.0.1:5999"
    return (f"{method} sip:127.0.0.1:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/{transport} {via};branch=z9hG4bK{branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:a@test.example>;tag=t{branch}\r\n"
            f"To: <sip:127.0.0.1:{port}>\r\nCall-ID: {branch}@test\r\nCSeq: 1 {method}\r\n"
            f"{extra}Content-Length: 0\r\n\r\n").encode()


def wait_until(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = what()
        if result:
            return result
        time.sleep(0.05)
    return what()


def descriptors(pid):
    """Which sockets a process has, by inode."""
    links = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except OSError:
            pass
    return {link for link in links if link.startswith("socket:")}


class Store:
    numbers = itertools.count()

    def __init__(self, **settings):
        self.folder = tempfile.TemporaryDirectory(prefix="sipwarden-test-")
        self.base = pathlib.Path(self.folder.name)
        self.base.chmod(0o755)
        self.state = self.base / "state"
        self.file = self.base / "policy.yaml"
        self.log = self.base / "log"
        self.port = free_port()
        # Not where the kernel takes ports from, and not those of a store that has just ended.
        media = 10000 + (os.getpid() * 640 + next(Store.numbers) * 32) % 20000
        self.settings = {"journal": self.base / "journal", "core": free_port("127.0.0.10"),
                         "media": media, "media_end": media + 31, "drain": "0s", "more": "", "peer": "",
                         "hop": f"udp:127.0.0.20:{free_port('127.0.0.20')}", "workers": 1,
                         "listeners": f"udp:127.0.0.1:{self.port}, tcp:127.0.0.1:{self.port}"}
        self.settings.update(settings)
        self.write()
        log = self.log.open("wb")
        environment = dict(os.environ, SIPWARDEN_DNS=self.settings.pop("dns", "127.0.0.1:9"))
        self.process = subprocess.Popen(
            [SIPWARDEN, "run", str(self.file), "--state", str(self.state)], env=environment,
            stdout=subprocess.DEVNULL, stderr=log)
        log.close()
        if not wait_until(lambda: " ready" in self.said() or self.process.poll() is not None):
            raise AssertionError("not ready: " + self.said())
        if self.process.poll() is not None:
            raise AssertionError("ended: " + self.said())

    def write(self, **changed):
        self.settings.update(changed)
        self.file.write_text(POLICY.format(**self.settings))

    def said(self):
        return self.log.read_text()

    def status(self):
        out = subprocess.run([SIPWARDEN, "status", "--json", "--state", str(self.state)],
                             capture_output=True, check=True)
        return json.loads(out.stdout)

    def pid(self, role):
        return self.status()["processes"][role]["pid"]

    def end(self, number=signal.SIGTERM, seconds=10):
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if os.environ.get("SHOW_LOG"):
            print(self.said())
        self.folder.cleanup()

    def ask_tcp(self, branch, port=None):
        port = port or self.port
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
            stream.sendall(request("OPTIONS", port, branch))
            return stream.recv(4096).decode()


class Run(unittest.TestCase):
    def open(self, **settings):
        store = Store(**settings)
        self.addCleanup(store.close)
        return store

    def test_answers_and_counts(self):
        store = self.open()
        self.assertIn("SIP/2.0 200", store.ask_tcp("one"))
        counted = wait_until(lambda: store.status()["counters"]["border"]["packets"])
        self.assertEqual(counted, 1)
        status = store.status()
        self.assertEqual(status["state"], "running")
        self.assertEqual(status["site"], "test")
        self.assertEqual([peer["name"] for peer in status["peers"]], ["registrar"])
        self.assertTrue(all(status["processes"][role]["state"] == "running" for role in ROLES))
        self.assertEqual(status["counters"]["keeper"]["keys"], 1)
        text = subprocess.run([SIPWARDEN, "status", "--state", str(store.state)],
                              capture_output=True, check=True, text=True).stdout
        self.assertIn("test running", text)

    def test_privileges_are_gone(self):
        store = self.open()
        for role in ROLES:
            lines = pathlib.Path(f"/proc/{store.pid(role)}/status").read_text()
            fields = dict(line.split(":\t", 1) for line in lines.splitlines() if ":\t" in line)
            for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(fields[capabilities], 16), 0, f"{role} {capabilities}")
            self.assertEqual(fields["NoNewPrivs"], "1", role)
            self.assertEqual(fields["Seccomp"], "2", role)
            if IS_ROOT:
                self.assertNotIn("0", fields["Uid"].split(), role)
                self.assertNotIn("0", fields["Gid"].split(), role)
                self.assertEqual(fields["Groups"].strip(), "", role)
        if IS_ROOT:
            self.assertEqual(os.readlink(f"/proc/{store.pid('border')}/root"),
                             str(store.state / "empty"))
            self.assertEqual(os.readlink(f"/proc/{store.pid('recorder')}/root"),
                             str(store.base / "journal"))
        # What each has not: design 5.
        # The keeper: the parent, the worker, the porter.
        self.assertEqual(len(descriptors(store.pid("keeper"))), 3)

    def test_killed_border_keeps_its_sockets(self):
        store = self.open()
        self.assertIn("SIP/2.0 200", store.ask_tcp("before"))
        pid = store.pid("border")
        listeners = descriptors(pid) & descriptors(store.process.pid)
        os.kill(pid, signal.SIGKILL)
        # Asked while nobody is there: it waits in the socket, which the parent has all the time.
        self.assertIn("SIP/2.0 200", store.ask_tcp("during"))
        self.assertNotEqual(store.pid("border"), pid)
        again = descriptors(store.pid("border"))
        self.assertGreaterEqual(len(listeners & again), 4)
        self.assertEqual(store.status()["processes"]["border"]["starts"], 2)

    def test_every_process_is_started_again(self):
        store = self.open()
        for role in ROLES:
            pid = store.pid(role)
            os.kill(pid, signal.SIGKILL)
            self.assertTrue(wait_until(lambda: store.pid(role) not in (0, pid)), role)
            self.assertTrue(wait_until(
                lambda: store.status()["processes"][role]["state"] == "running"), role)
            self.assertIn("SIP/2.0 200", store.ask_tcp("after" + role))
        # The new keeper has the old keys: it made no other.
        self.assertEqual(store.status()["counters"]["keeper"]["keys-made"], 1)

    def test_reload_swaps_listeners(self):
        store = self.open()
        second = free_port()
        with socket.create_connection(("127.0.0.1", store.port), timeout=5) as kept:
            kept.sendall(request("OPTIONS", store.port, "kept1"))
            self.assertIn("SIP/2.0 200", kept.recv(4096).decode())
            store.write(listeners=f"tcp:127.0.0.1:{second}, tcp:127.0.0.1:{store.port}")
            store.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_until(lambda: store.status()["processes"]["border"]["policy"]))
            self.assertIn("SIP/2.0 200", store.ask_tcp("new", second))
            self.assertIn("SIP/2.0 200", store.ask_tcp("old"))
            # A connection of a listener that stays lives through it, under its new number.
            kept.sendall(request("OPTIONS", store.port, "kept2"))
            self.assertIn("SIP/2.0 200", kept.recv(4096).decode())
            store.write(listeners=f"tcp:127.0.0.1:{second}")
            store.process.send_signal(signal.SIGHUP)
            self.assertEqual(kept.recv(4096), b"")
        self.assertTrue(wait_until(
            lambda: store.status()["processes"]["border"]["policy"] == 2))
        with self.assertRaises(OSError):
            store.ask_tcp("gone")
        self.assertIn("SIP/2.0 200", store.ask_tcp("still", second))
        pid = store.pid("border")
        os.kill(pid, signal.SIGKILL)  # the successor starts with the policy of now
        self.assertIn("SIP/2.0 200", store.ask_tcp("again", second))

    def test_bad_reload_changes_nothing(self):
        store = self.open()
        good = store.file.read_text()
        for bad in (good.replace("class: core", "class: cellar"), "", "site: [",
                    good.replace(str(store.port), "5").replace("127.0.0.1:5,", "192.0.2.1:5060,")):
            store.file.write_text(bad)
            refused = store.status()["reloads_refused"]
            store.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_until(
                lambda: store.status()["reloads_refused"] == refused + 1), bad[:60])
            self.assertIn("SIP/2.0 200", store.ask_tcp(f"bad{refused}"))
        self.assertEqual(store.status()["policy"], 0)
        self.assertRegex(store.said(), r"policy\.yaml:\d+:\d+: .*cellar")

    def signed(self, folder, path, text):
        """Writes a file and its signature; the key's public half in base64."""
        key, raw = folder / "key.pem", folder / "raw"
        run = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True)
        if not key.exists():
            run("genpkey", "-algorithm", "ed25519", "-out", str(key))
        run("pkey", "-in", str(key), "-pubout", "-outform", "DER", "-out", str(raw))
        public = base64.b64encode(raw.read_bytes()[-32:]).decode()
        path.write_text(text)
        run("pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", str(path), "-out", str(raw))
        path.with_name(path.name + ".sig").write_text(
            base64.b64encode(raw.read_bytes()).decode() + "\n")
        return public

    def found(self, store, agent, rule="CT-FW-30"):
        """Whether a request of that program becomes an event of that rule."""
        journal = store.base / "journal" / "events.jsonl"
        branch = f"f{next(Store.numbers)}"

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            device.bind(("127.0.0.1", 0))
            device.sendto(request("INVITE", store.port, branch, "UDP", device.getsockname(),
                                  f"Contact: <sip:a@127.0.0.1:5999>\r\nUser-Agent: {agent}\r\n")
                          .replace(b"INVITE sip:127.0.0.1", b"INVITE sip:b@test.example"),
                          ("127.0.0.1", store.port))
            return bool(wait_until(lambda: journal.exists() and any(
                rule in line and branch in line for line in journal.read_text().splitlines()), 3))

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_feeds_are_read_again_when_they_change(self):
        folder = tempfile.TemporaryDirectory(prefix="sipwarden-feed-")
        self.addCleanup(folder.cleanup)
        base = pathlib.Path(folder.name)
        feed = base / "agents.txt"
        key = self.signed(base, feed, "oldscanner\n")
        store = self.open(more=f'feeds: {{scanners: {{file: {feed}, of: agents, key: "{key}"}}}}')
        self.assertTrue(self.found(store, "OldScanner/1.0"))
        self.assertFalse(self.found(store, "newscanner"))
        before = store.status()["policy"]
        feed.write_text("newscanner\n")  # nobody signed that
        self.assertTrue(wait_until(lambda: store.status()["policy"] > before, 20))
        self.assertTrue(self.found(store, "oldscanner"))
        self.assertFalse(self.found(store, "newscanner"))
        journal = (store.base / "journal" / "events.jsonl").read_text()
        self.assertIn("feed-refused", journal)
        self.assertIn("is not the signature", journal)
        before = store.status()["policy"]
        self.signed(base, feed, "newscanner\n")
        self.assertTrue(wait_until(lambda: store.status()["policy"] > before, 20))
        self.assertTrue(wait_until(lambda: self.found(store, "newscanner"), 10))
        self.assertFalse(self.found(store, "oldscanner"))

    def test_patterns_are_looked_for(self):
        if "patterns: none" in subprocess.run([SIPWARDEN, "version"], capture_output=True,
                                              text=True, check=True).stdout:
            self.skipTest("this build has no vectorscan")
        store = self.open(more="patterns: {dialer: {where: agent, regex: '^evil +dialer', action: drop}}")
        self.assertTrue(self.found(store, "Evil  Dialer 2", "dialer"))
        self.assertFalse(self.found(store, "good dialer", "dialer"))
        refused = store.status()["reloads_refused"]
        store.write(more="patterns: {dialer: {where: agent, regex: '(open'}}")
        store.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_until(lambda: store.status()["reloads_refused"] > refused, 20))
        self.assertIn("pattern 'dialer'", store.said())
        self.assertTrue(self.found(store, "Evil  Dialer 2", "dialer"))

    def test_events_reach_the_journal(self):
        store = self.open()
        with socket.create_connection(("127.0.0.1", store.port), timeout=5) as stream:
            stream.sendall(b"INVITE sip:x SIP/2.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")
            stream.recv(4096)
        journal = store.base / "journal" / "events.jsonl"
        lines = wait_until(lambda: journal.exists() and journal.read_text().splitlines())
        event = json.loads(lines[0])
        self.assertIn("rule", json.dumps(event))
        self.assertGreaterEqual(store.status()["counters"]["recorder"]["events-written"], 1)

    def test_journal_is_rotated_and_bounded(self):
        folder = tempfile.TemporaryDirectory(prefix="sipwarden-journal-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        journal = pathlib.Path(folder.name)
        for name, size in (("events.jsonl", 64 << 20), ("events-20200101T000000.000Z.jsonl", 1 << 30),
                           ("events-20210101T000000.000Z.jsonl", 1 << 30), ("notes.txt", 3 << 30)):
            (journal / name).touch(mode=0o666)
            (journal / name).chmod(0o666)
            os.truncate(journal / name, size)  # sparse: nothing is written
        store = self.open(journal=journal)
        with socket.create_connection(("127.0.0.1", store.port), timeout=5) as stream:
            stream.sendall(b"INVITE sip:x SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\nxx")
            stream.recv(4096)
        self.assertTrue(wait_until(
            lambda: store.status()["counters"]["recorder"]["rotations"] == 1), store.said())
        names = sorted(entry.name for entry in journal.iterdir())
        self.assertNotIn("events-20200101T000000.000Z.jsonl", names)  # the oldest made room
        self.assertIn("events-20210101T000000.000Z.jsonl", names)
        self.assertIn("notes.txt", names)
        self.assertEqual(sum(name.startswith("events-") for name in names), 2)
        self.assertTrue(wait_until(lambda: (journal / "events.jsonl").stat().st_size))

    def test_names_are_looked_up(self):
        if shutil.which("dnsmasq") is None:
            self.skipTest("SKIPPED: dnsmasq is not installed")
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink.bind(("127.0.0.20", 0))
        sink.settimeout(10)
        self.addCleanup(sink.close)
        port = free_port()
        dns = subprocess.Popen(
            ["dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--no-resolv", "--no-hosts",
             "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={port}", "--pid-file=",
             "--local=/test.example/", "--host-record=one.test.example,127.0.0.20",
             f"--srv-host=_sip._udp.switch.test.example,one.test.example,{sink.getsockname()[1]}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(dns.wait)
        self.addCleanup(dns.kill)
        store = self.open(dns=f"127.0.0.1:{port}", hop="switch.test.example",
                          peer="addresses: [127.0.0.20]\n    liveness: 5s")
        self.assertIn(b"OPTIONS sip:", sink.recv(4096))
        self.assertGreaterEqual(store.status()["counters"]["resolver"]["answers"], 1)
        dns.kill()  # what is known stays known
        os.kill(store.pid("border"), signal.SIGKILL)
        while sink.recv(4096):
            if store.status()["processes"]["border"]["starts"] == 2:
                break

    def test_drains_then_ends(self):
        store = self.open(drain="60s")
        self.assertEqual(store.end(), 0)  # no call is up: nothing to wait for
        self.assertIn("stopped", store.said())
        self.assertFalse((store.state / "control.sock").exists())
        answer = subprocess.run([SIPWARDEN, "status", "--state", str(store.state)],
                                capture_output=True)
        self.assertEqual(answer.returncode, 3)

    def test_second_signal_does_not_wait(self):
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink.bind(("127.0.0.20", 0))
        self.addCleanup(sink.close)
        store = self.open(drain="60s", hop=f"udp:127.0.0.20:{sink.getsockname()[1]}",
                          more="emergency-numbers: [\"112\"]")
        with socket.create_connection(("127.0.0.1", store.port), timeout=5) as stream:
            invite = request("INVITE", store.port, "up", extra="Contact: <sip:a@127.0.0.1:5999>\r\n")
            stream.sendall(invite.replace(b"sip:127.0.0.1", b"sip:112@test.example", 1)
                           .replace(b"To: <sip:127.0.0.1", b"To: <sip:112@test.example"))
            self.assertTrue(wait_until(
                lambda: store.status()["counters"]["border"]["transactions"]), store.said())
            store.process.send_signal(signal.SIGTERM)
            self.assertTrue(wait_until(lambda: store.status()["state"] == "draining"))
            time.sleep(0.5)
            self.assertIsNone(store.process.poll())
            self.assertEqual(store.end(), 0)

    def test_children_end_with_their_parent(self):
        store = self.open()
        pids = [store.pid(role) for role in ROLES]
        store.process.kill()
        store.process.wait()
        self.assertTrue(wait_until(
            lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids)))

    def test_two_workers(self):
        store = self.open(workers=2)
        for i in range(40):
            self.assertIn("SIP/2.0 200", store.ask_tcp(f"both{i}"))
        counters = wait_until(
            lambda: (c := store.status()["counters"]["border"])["packets"] == 40 and c)
        self.assertEqual(counters["hand-over-full"], 0)
        pid = store.pid("border")
        self.assertGreaterEqual(len(os.listdir(f"/proc/{pid}/task")), 2)
        os.kill(pid, signal.SIGKILL)
        self.assertIn("SIP/2.0 200", store.ask_tcp("again"))

    def test_systemd_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            told.bind(folder + "/notify")
            told.settimeout(10)
            self.addCleanup(told.close)
            os.environ.update(NOTIFY_SOCKET=folder + "/notify", WATCHDOG_USEC="2000000")
            try:
                store = self.open()
            finally:
                del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
            heard = told.recv(4096).decode()
            while "READY=1" not in heard:
                heard += told.recv(4096).decode()
            self.assertIn(f"MAINPID={store.process.pid}", heard)
            while "WATCHDOG=1" not in heard:
                heard += told.recv(4096).decode()
            store.process.send_signal(signal.SIGHUP)
            while not re.search(r"RELOADING=1\nMONOTONIC_USEC=\d+.*READY=1", heard, re.S):
                heard += told.recv(4096).decode()
            self.assertEqual(store.end(), 0)
            while "STOPPING=1" not in heard:
                heard += told.recv(4096).decode()

    def test_called_wrongly(self):
        for arguments, status in (([], 2), (["walk"], 2), (["run"], 2), (["run", "a", "b"], 2),
                                  (["status", "x"], 2), (["run", "/nowhere.yaml"], 3),
                                  (["help"], 0), (["run", "--help"], 0), (["version"], 0),
                                  (["check", "/nowhere.yaml"], 3), (["init", "--role", "x"], 2),
                                  (["schema"], 0), (["help", "walk"], 2), (["--child", "x"], 2)):
            out = subprocess.run([SIPWARDEN, *arguments], capture_output=True,
                                 stdin=subprocess.DEVNULL)
            self.assertEqual(out.returncode, status, (arguments, out))

    def test_examples_are_policies(self):
        for role in ("interconnect", "access", "enterprise", "lab"):
            example = subprocess.run([SIPWARDEN, "init", "--role", role], capture_output=True,
                                     check=True).stdout
            with tempfile.NamedTemporaryFile() as file:
                file.write(example)
                file.flush()
                out = subprocess.run([SIPWARDEN, "check", file.name], capture_output=True)
                self.assertIn(out.returncode, (0, 1), out)
                same = subprocess.run([SIPWARDEN, "diff", file.name, file.name],
                                      capture_output=True)
                self.assertEqual(same.returncode, 0, same)


if __name__ == "__main__":
    unittest.main(verbosity=2)
