#!/usr/bin/env python3
"""Attacks on the media of a call that is up, from inside its network; standard library only.

    attack.py ADDRESS      finds the sealed stream at our ports 20000-20999 of ADDRESS, and sends to it: as a
                           stranger and in the party's own name, sealed wrongly, in the clear, RTCP BYE,
                           ClientHellos and octets of no kind.  Prints how many came back to the stranger.
"""
import os
import socket
import struct
import sys
import time

STRANGER = "127.0.0.66"


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def spoof(raw, source, target, payload):
    """A datagram in somebody else's name."""
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                       socket.inet_aton(source[0]), socket.inet_aton(target[0]))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    raw.sendto(head + udp, (target[0], 0))


def find_stream(address):
    """(the party, our port, its last packet)"""
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    listener.bind(("lo", 0))
    listener.settimeout(3)
    while True:
        packet = listener.recv(2048)
        if packet[0] != 0x45 or packet[9] != 17:
            continue
        source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        from_port, to_port = struct.unpack("!HH", packet[20:24])
        ours = target == address and 20000 <= to_port <= 20999 and not 20000 <= from_port <= 20999
        if ours and len(packet) > 100 and packet[28] >> 6 == 2:
            return (source, from_port), (target, to_port), packet[28:]


def hello():
    body = b"\xfe\xfd" + os.urandom(32) + b"\0\0" + b"\0\2\xc0\x2b" + b"\1\0" + b"\0\0"
    message = b"\1" + struct.pack("!I", len(body))[1:] + b"\0\0\0\0\0" + struct.pack("!I", len(body))[1:]
    return b"\x16\xfe\xfd\0\0\0\0\0\0\0\0" + struct.pack("!H", len(message + body)) + message + body


def attack(address):
    party, ours, seen = find_stream(address)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.bind((STRANGER, 0))
    ssrc, sequence = seen[8:12], struct.unpack("!H", seen[2:4])[0]
    goodbye = b"\x81\xcb\0\1" + ssrc
    for i in range(200):
        number = struct.pack("!H", (sequence + 50 + i) & 0xFFFF)
        sealed = seen[:2] + number + seen[4:12] + os.urandom(170)
        foreign = seen[:2] + number + seen[4:8] + os.urandom(4) + os.urandom(170)
        for packet in (sealed, foreign, goodbye, goodbye + os.urandom(14), hello(),
                       b"\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\2\2\x28", os.urandom(40), seen):
            spoof(raw, party, ours, packet)
        for packet in (seen, goodbye, hello(), b"\0\1\0\0\x21\x12\xa4\x42" + os.urandom(12)):
            stranger.sendto(packet, ours)
        time.sleep(0.01)
    stranger.settimeout(0.3)
    back = 0
    try:
        while True:
            stranger.recv(2048)
            back += 1
    except TimeoutError:
        pass
    print(f"{party} speaks to {ours}; {back} packets came back to a stranger")
    return back == 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(0 if attack(sys.argv[1]) else 1)
