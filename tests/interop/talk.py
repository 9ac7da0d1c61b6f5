#!/usr/bin/env python3
"""A call through the border with 50 packets of audio a second each way; says whether there was a gap.

    talk.py --border-out A --caller HOST:PORT --callee HOST:PORT --number N --seconds S
"""
import argparse
import random
import re
import socket
import struct
import time

PACE = 0.02
GAP = 0.25  # seconds without a packet that somebody would hear


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def open_socket(host, port=0):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, port))
    sock.settimeout(3)
    return sock


def header(message, name):
    found = re.search(rf"^{name}:\s*(.*?)\r\n", message, re.M | re.I)
    return found.group(1) if found else ""


def sdp(host, port):
    return (f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n")


def audio_of(message):
    host = re.search(r"^c=IN IP4 (\S+)", message, re.M).group(1)
    port = int(re.search(r"^m=audio (\d+)", message, re.M).group(1))
    return host, port


def receive(sock, start):
    while True:
        message, source = sock.recvfrom(65536)
        text = message.decode(errors="replace")
        if text.startswith(start):
            return text, source


class Audio:
    def __init__(self, host):
        self.sock = open_socket(host)
        self.sock.setblocking(False)
        self.port = self.sock.getsockname()[1]
        self.sequence, self.source = 0, random.getrandbits(32)
        self.last = None
        self.longest, self.heard = 0.0, 0

    def turn(self, target, now):
        self.sequence += 1
        self.sock.sendto(struct.pack("!BBHII", 0x80, 8, self.sequence & 0xFFFF,
                                     self.sequence * 160, self.source) + bytes(160), target)
        while True:
            try:
                self.sock.recv(2048)
            except BlockingIOError:
                return
            if self.last is not None:
                self.longest = max(self.longest, now - self.last)
            self.last = now
            self.heard += 1


def main():
    parser = argparse.ArgumentParser()
    for name in ("border-out", "caller", "callee", "number"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    caller, callee = address(options.caller), address(options.callee)
    border = (options.border_out, 5060)
    a, b = open_socket(*caller), open_socket(*callee)
    here, there = Audio(caller[0]), Audio(callee[0])

    uri = f"sip:{options.number}@{border[0]}"
    branch = "z9hG4bK%016x" % random.getrandbits(64)
    body = sdp(caller[0], here.port)
    a.sendto((f"INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {caller[0]}:{caller[1]};branch={branch}\r\n"
              f"Max-Forwards: 70\r\nFrom: <sip:talk@{caller[0]}>;tag=t1\r\nTo: <{uri}>\r\n"
              f"Call-ID: talk-{branch}\r\nCSeq: 1 INVITE\r\n"
              f"Contact: <sip:talk@{caller[0]}:{caller[1]}>\r\nContent-Type: application/sdp\r\n"
              f"Content-Length: {len(body)}\r\n\r\n{body}").encode(), border)
    invite, source = receive(b, "INVITE")
    body = sdp(callee[0], there.port)
    b.sendto((f"SIP/2.0 200 OK\r\nVia: {header(invite, 'Via')}\r\nFrom: {header(invite, 'From')}\r\n"
              f"To: {header(invite, 'To')};tag=t2\r\nCall-ID: {header(invite, 'Call-ID')}\r\n"
              f"CSeq: {header(invite, 'CSeq')}\r\nContact: <sip:talk@{callee[0]}:{callee[1]}>\r\n"
              f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode(),
             source)
    answer, _ = receive(a, "SIP/2.0 200")
    target = re.search(r"<([^>]+)>", header(answer, "Contact")).group(1)
    tail = (f"Max-Forwards: 70\r\nFrom: <sip:talk@{caller[0]}>;tag=t1\r\nTo: {header(answer, 'To')}\r\n"
            f"Call-ID: talk-{branch}\r\n")
    a.sendto((f"ACK {target} SIP/2.0\r\nVia: SIP/2.0/UDP {caller[0]}:{caller[1]};branch={branch}a\r\n"
              f"{tail}CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n").encode(), border)
    receive(b, "ACK")

    targets = audio_of(answer), audio_of(invite)
    end = time.monotonic() + options.seconds
    due = time.monotonic()
    while due < end:
        now = time.monotonic()
        here.turn(targets[0], now)
        there.turn(targets[1], now)
        due += PACE
        time.sleep(max(0, due - time.monotonic()))
    a.sendto((f"BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {caller[0]}:{caller[1]};branch={branch}b\r\n"
              f"{tail}CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n").encode(), border)
    receive(b, "BYE")
    longest = max(here.longest, there.longest)
    print(f"{here.heard} and {there.heard} packets heard of {here.sequence}, "
          f"longest silence {longest * 1000:.0f} ms")
    complete = min(here.heard, there.heard) >= here.sequence - 10
    print("no gap" if longest < GAP and complete else "A GAP")


if __name__ == "__main__":
    main()
