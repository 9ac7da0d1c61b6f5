#!/usr/bin/env python3
"""The journal of a running store: what it holds, who may read it, and what becomes of it when the
recorder is killed or the file is spoiled.

    test_journal.py SIPWARDEN
"""
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

SIPWARDEN = os.path.abspath(sys.argv.pop(1))

POLICY = """
site: test
domains: [core.example]
journal: {journal}
zones:
  carriers:
    class: interconnect
    listeners: [udp:127.0.0.1:{outside}]
    media: pass
  core:
    class: core
    listeners: [udp:127.0.0.10:{inside}]
    media: pass
peers:
  left:
    zone: carriers
    hops: [udp:127.0.0.31:{left}]
    domains: [left.example]
    rate: none
    calls: none
  right:
    zone: core
    hops: [udp:127.0.0.32:{right}]
routes:
  - {{emergency: true, to: right}}
  - {{from: carriers, to: right}}
  - {{from: core, to: left}}
capacity: {{transactions: 2048, dialogs: 256, registrations: 64, media-sessions: 64,
           text-memory: 4096, connections: 64, workers: 1}}
timers: {{drain: 0s}}
{more}
"""


def wait_until(what, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = what()
        if result:
            return result
        time.sleep(0.05)
    return what()


def free_port(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def members(value, path=""):
    """Paths of all members of a JSON value, as the manual writes them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from members(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner, path + "[]")
    else:
        yield path


def header(message, name):
    found = re.search(rf"(?im)^{name}: *(.*?)\r$", message)
    return found.group(1) if found else ""


class Store:
    def __init__(self, more="", journal=None):
        self.folder = tempfile.TemporaryDirectory(prefix="sipwarden-test-")
        self.base = pathlib.Path(self.folder.name)
        self.base.chmod(0o755)
        self.state = self.base / "state"
        self.journal = journal or self.base / "journal"
        self.database = self.journal / "journal.db"
        self.sides = {}
        for side, host in (("left", "127.0.0.31"), ("right", "127.0.0.32")):
            self.sides[side] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sides[side].bind((host, 0))
            self.sides[side].settimeout(10)
        self.ports = {"outside": free_port("127.0.0.1"), "inside": free_port("127.0.0.10"),
                      "left": self.sides["left"].getsockname()[1],
                      "right": self.sides["right"].getsockname()[1]}
        self.file = self.base / "policy.yaml"
        self.file.write_text(POLICY.format(journal=self.journal, more=more, **self.ports))
        self.log = self.base / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [SIPWARDEN, "run", str(self.file), "--state", str(self.state)],
                stdout=subprocess.DEVNULL, stderr=log)
        if not wait_until(lambda: " ready" in self.said() or self.process.poll() is not None):
            raise AssertionError("not ready: " + self.said())
        if self.process.poll() is not None:
            raise AssertionError("ended: " + self.said())

    def said(self):
        return self.log.read_text()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        for side in self.sides.values():
            side.close()
        self.folder.cleanup()

    def verb(self, *words, status=0, json_lines=False):
        out = subprocess.run([SIPWARDEN, *words], capture_output=True, text=True, timeout=60)
        if out.returncode != status:
            raise AssertionError(f"{words}: {out.returncode}\n{out.stdout}{out.stderr}")
        if json_lines:
            return [json.loads(line) for line in out.stdout.splitlines()]
        return out.stdout

    def status(self):
        return json.loads(self.verb("status", "--json", "--state", str(self.state)))

    def ask(self, *words, **more):
        return self.verb(*words, "--state", str(self.state), **more)

    def send(self, side, text, answer_to=None):
        port = ("127.0.0.1", self.ports["outside"]) if side == "left" else (
            "127.0.0.10", self.ports["inside"])
        self.sides[side].sendto(text.encode(), port)

    def hear(self, side, start):
        while True:
            message = self.sides[side].recv(65535).decode()
            if message.startswith(start):
                return message

    def request(self, method, call_id, cseq=1, to_tag="", extra="", uri=None):
        uri = uri or "sip:+15551234567@core.example"
        return (f"{method} {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP 127.0.0.31:{self.ports['left']};branch=z9hG4bK{call_id}{cseq}"
                f"{method};rport\r\nMax-Forwards: 70\r\n"
                f"From: <sip:+15557654321@left.example>;tag=f{call_id}\r\n"
                f"To: <sip:+15551234567@core.example>{to_tag}\r\nCall-ID: {call_id}\r\n"
                f"CSeq: {cseq} {method}\r\nContact: <sip:127.0.0.31:{self.ports['left']}>\r\n"
                f"{extra}Content-Length: 0\r\n\r\n")

    def answer(self, request, status, to_tag=";tag=right"):
        lines = [f"SIP/2.0 {status}"]
        lines += [line for line in request.split("\r\n")[1:]
                  if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq")]
        lines.append("To: " + header(request, "To") + ("" if "tag=" in header(request, "To") else to_tag))
        lines.append(f"Contact: <sip:127.0.0.32:{self.ports['right']}>")
        return "\r\n".join(lines) + "\r\nContent-Length: 0\r\n\r\n"

    def call(self, call_id):
        """INVITE, ringing, answered, ended by the caller."""
        self.send("left", self.request("INVITE", call_id))
        invite = self.hear("right", "INVITE")
        self.send("right", self.answer(invite, "180 Ringing"))
        self.hear("left", "SIP/2.0 180")
        self.send("right", self.answer(invite, "200 OK"))
        ok = self.hear("left", "SIP/2.0 200")
        tag = ";" + header(ok, "To").split(";", 1)[1]
        target = re.search(r"<(.*?)>", header(ok, "Contact")).group(1)
        self.send("left", self.request("ACK", call_id, to_tag=tag, uri=target))
        self.hear("right", "ACK")
        self.send("left", self.request("BYE", call_id, 2, to_tag=tag, uri=target))
        self.send("right", self.answer(self.hear("right", "BYE"), "200 OK"))
        self.hear("left", "SIP/2.0 200")

    def spoil(self, count, start=0):
        """Requests in which something is found and refused."""
        for i in range(start, start + count):
            self.send("left", self.request("INVITE", f"bad{i}", extra="Content-Length: 5\r\n"))
            if i % 20 == 0:
                time.sleep(0.01)

    def rows(self, sql):
        try:
            with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
                return database.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []  # not there yet


class Journal(unittest.TestCase):
    def open(self, **settings):
        store = Store(**settings)
        self.addCleanup(store.close)
        return store

    def test_a_call_is_told(self):
        store = self.open()
        store.call("one")
        self.assertTrue(wait_until(
            lambda: store.rows("SELECT 1 FROM record WHERE kind = 'call'")), store.said())
        call = store.ask("calls", "--json", json_lines=True)[0]
        self.assertEqual((call["call_id"], call["state"], call["code"], call["ended_by"]),
                         ("one", "ended", 200, "caller"))
        self.assertEqual((call["peer_in"], call["peer_out"]), ("left", "right"))
        self.assertNotIn("1234567", json.dumps(call))  # masked
        for name in ("one", call["other_call_id"]):
            ladder = store.ask("call", name)
            for word in ("INVITE", "180 Ringing", "200 OK", "ACK", "BYE", "sipwarden"):
                self.assertIn(word, ladder)
            self.assertEqual(ladder.count(" BYE "), 2)
        self.assertIn("one", store.ask("calls", "--since", "10m", "--peer", "right"))
        self.assertNotIn("one", store.ask("calls", "--peer", "nobody"))
        self.assertNotIn("one", store.ask("calls", "--until", "2020-01-01"))
        store.ask("call", "two", status=3)
        store.verb("calls", "--since", "yesterday", status=2)
        store.verb("calls", "--verify", status=2)
        store.verb("events", "--store", "/nowhere", status=3)

    def test_events_are_found(self):
        store = self.open()
        store.spoil(5)
        self.assertTrue(wait_until(lambda: len(store.rows(
            "SELECT 1 FROM record WHERE kind = 'event'")) == 5), store.said())
        events = store.ask("events", "--json", json_lines=True)
        self.assertEqual(len(events), 5)
        control = events[0]["control"]
        self.assertEqual(len(store.ask("events", "--json", "--control", control, "--limit", "2",
                                       json_lines=True)), 2)
        self.assertEqual(len(store.ask("events", "--json", "--call-id", "bad3",
                                       json_lines=True)), 1)
        self.assertIn(control, store.ask("events"))
        self.assertEqual(store.ask("events", "--peer", "right"), "")
        lines = (store.journal / "events.jsonl").read_text().splitlines()
        self.assertEqual(len(lines), 5)

    def test_the_manual_has_every_member(self):
        manual = self.open().verb("events", "--manual")
        known, kind = set(), ""
        for line in manual.splitlines():
            if line and not line.startswith(" "):
                kind = line.split(":")[0]
            elif line:
                known.add((kind, line.split()[0]))
        store = self.open()
        store.call("told")
        store.spoil(3)
        store.send("left", store.request("INVITE", "sos", uri="urn:service:sos"))
        self.assertTrue(wait_until(
            lambda: store.rows("SELECT 1 FROM record WHERE kind = 'call'")), store.said())
        seen = set()
        for kind, body in store.rows("SELECT kind, body FROM record"):
            seen |= {(kind, path) for path in members(json.loads(body))}
        self.assertEqual(seen - known, set())
        self.assertGreater(len(seen & known), 60)

    def test_live_verbs(self):
        store = self.open()
        top = subprocess.Popen([SIPWARDEN, "top", "--json", "--interval", "2", "--count", "1",
                                "--store", str(store.journal)], stdout=subprocess.PIPE, text=True)
        watch = subprocess.Popen([SIPWARDEN, "watch", "--json", "--count", "3", "--seconds", "20",
                                  "--store", str(store.journal)], stdout=subprocess.PIPE, text=True)
        time.sleep(0.3)
        store.spoil(1)
        store.call("live")
        seen = [json.loads(line) for line in watch.communicate(timeout=30)[0].splitlines()]
        self.assertEqual(len(seen), 3)
        self.assertEqual(seen[0]["number"] + 2, seen[2]["number"])
        table = json.loads(top.communicate(timeout=30)[0])
        self.assertIn("left", [peer["name"] for peer in table["peers"]])
        self.assertEqual(sum(control["found"] for control in table["controls"]), 1)
        plain = store.ask("top", "--interval", "1", "--count", "1")
        self.assertNotIn("\033", plain)

    def test_tampering_is_located(self):
        store = self.open()
        store.spoil(10)
        self.assertTrue(wait_until(lambda: len(store.rows("SELECT 1 FROM record")) >= 10))
        self.assertIn("whole", store.ask("events", "--verify"))
        proof = store.ask("events", "--verify", "--json", json_lines=True)[0]
        self.assertIn("whole", store.ask("events", "--verify", "--head", proof["head"]))
        store.ask("events", "--verify", "--head", "1" * 64, status=1)
        copy = store.base / "copy.db"
        with sqlite3.connect(store.database) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        with sqlite3.connect(copy) as database:
            database.execute("UPDATE record SET action = 'pass' WHERE number = 4")
            database.execute("DELETE FROM record WHERE number = 7")
        told = store.verb("events", "--verify", "--store", str(copy), status=1)
        self.assertIn("record 4 ", told)
        self.assertIn("record 8 ", told)
        self.assertIn("NOT whole", told)

    def test_a_killed_recorder_loses_what_is_counted(self):
        store = self.open()
        for turn in range(3):
            store.spoil(150, turn * 150)
            os.kill(store.status()["processes"]["recorder"]["pid"], signal.SIGKILL)
            store.spoil(50, 1000 + turn * 50)
            self.assertTrue(wait_until(lambda: store.status()["processes"]["recorder"]["state"]
                                       == "running"))
        store.spoil(1, 5000)

        def is_settled():
            border = store.status()["counters"]["border"]
            told = border["events"] + border["events-lost"]
            notes = border["notes"]
            kept = store.rows("SELECT kind, count(*) FROM record GROUP BY kind")
            losses = store.rows("SELECT coalesce(sum(body ->> '$.sipwarden.events_lost'), 0), "
                                "coalesce(sum(body ->> '$.sipwarden.messages_lost'), 0) "
                                "FROM record WHERE kind = 'loss'")[0]
            count = dict(kept)
            self.settled = (told, notes, count, losses)
            return (count.get("event", 0) + losses[0] >= told and
                    count.get("message", 0) + losses[1] >= notes)

        self.assertTrue(wait_until(is_settled), getattr(self, "settled", None))
        self.assertIn("whole", store.ask("events", "--verify"))

    def test_a_spoiled_journal_is_set_aside(self):
        folder = tempfile.TemporaryDirectory(prefix="sipwarden-journal-")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o777)
        journal = pathlib.Path(folder.name)
        (journal / "journal.db").write_bytes(b"no database" * 1000)
        (journal / "journal.db").chmod(0o666)
        store = self.open(journal=journal)
        store.spoil(3)
        self.assertTrue(wait_until(lambda: len(store.rows(
            "SELECT 1 FROM record WHERE kind = 'event'")) == 3), store.said())
        self.assertIn("set aside", store.said())
        self.assertTrue((journal / "journal.db.broken").exists())
        self.assertEqual(store.status()["counters"]["recorder"]["journals-broken"], 1)
        self.assertEqual(len(store.rows("SELECT 1 FROM record WHERE kind = 'note'")), 1)

    def test_calls_need_not_be_kept(self):
        store = self.open(more="journal-calls: false")
        store.call("quiet")
        store.spoil(1)
        self.assertTrue(wait_until(lambda: store.rows("SELECT 1 FROM record")))
        self.assertEqual(store.rows("SELECT DISTINCT kind FROM record"), [("event",)])
        self.assertEqual(store.ask("calls"), "")


if __name__ == "__main__":
    unittest.main()
