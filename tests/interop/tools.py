#!/usr/bin/env python3
"""Small helpers of the interop cases; standard library only.

    tools.py tone FILE                 20 s of 440 Hz, 8 kHz mono, as a WAV file
    tools.py heard FILE...             exit 0 when each WAV holds a 440 Hz tone
    tools.py control PORT COMMAND [PARAMETER]
                                       one command to baresip's control port; prints the answers
    tools.py leaks CAPTURE ADDRESS TEXT...
                                       exit 1 when a packet sent from our socket ADDRESS holds one of the texts
    tools.py audible CAPTURE ADDRESS   exit 0 when media to or from our ports 20000-20999 of ADDRESS hold
                                       the tone for who listens on the wire, whatever he tries
    tools.py sent CAPTURE ADDRESS TEXT
                                       exit 0 when a packet sent from ADDRESS holds the text
"""
import json
import math
import socket
import struct
import sys
import wave

RATE = 8000
TONE_HZ = 440


def tone(path):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(
            struct.pack("<h", int(12000 * math.sin(2 * math.pi * TONE_HZ * i / RATE)))
            for i in range(20 * RATE)))


def loudness(samples, rate, hertz):
    sine = sum(x * math.sin(2 * math.pi * hertz * i / rate) for i, x in enumerate(samples))
    cosine = sum(x * math.cos(2 * math.pi * hertz * i / rate) for i, x in enumerate(samples))
    return 2 * math.hypot(sine, cosine) / max(len(samples), 1)


def heard(paths):
    good = True
    for path in paths:
        try:
            with open(path, "rb") as file:
                data = file.read()
            # A recording that was cut off has no lengths in its head: read what is there.
            channels, rate = struct.unpack("<HI", data[22:28])
            raw = data[44:len(data) - (len(data) - 44) % (2 * channels)]
            samples = struct.unpack("<%dh" % (len(raw) // 2), raw)[::channels]
        except (OSError, struct.error) as error:
            print(f"{path}: {error}")
            good = False
            continue
        middle = samples[len(samples) // 4:len(samples) // 4 + rate]
        level = loudness(middle, rate, TONE_HZ)
        other = max(loudness(middle, rate, hertz) for hertz in (220, 700, 1000))
        print(f"{path}: {len(samples) / rate:.1f} s, 440 Hz at {level:.0f}, elsewhere {other:.0f}")
        good = good and level > 3000 and level > 5 * other
    return good


def control(port, command, parameter=""):
    request = json.dumps({"command": command, "params": parameter, "token": "t"})
    with socket.create_connection(("127.0.0.1", int(port)), 3) as link:
        link.settimeout(1.5)
        link.sendall(f"{len(request)}:{request},".encode())
        data = b""
        try:
            while True:
                piece = link.recv(65536)
                if not piece:
                    break
                data += piece
        except TimeoutError:
            pass
    print(data.decode(errors="replace"))


def packets(path):
    """(source address, payload octets) of each IPv4 packet of a pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        packet = frame[14:]
        if len(packet) < 20 or packet[0] >> 4 != 4:
            continue
        yield socket.inet_ntoa(packet[12:16]), packet[(packet[0] & 15) * 4:]


def datagrams(path):
    """(source address, port, target address, port, payload) of each UDP packet of a pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        packet = data[at + 30:at + 16 + size]
        at += 16 + size
        if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != 17:
            continue
        udp = packet[(packet[0] & 15) * 4:]
        yield (socket.inet_ntoa(packet[12:16]), *struct.unpack(">H", udp[:2]),
               socket.inet_ntoa(packet[16:20]), *struct.unpack(">H", udp[2:4]), udp[8:])


def linear(octet):
    """ITU-T G.711 A-law."""
    octet ^= 0x55
    part, step = octet >> 4 & 7, octet & 15
    level = step * 16 + 8 if part == 0 else (step * 16 + 264) << (part - 1)
    return level if octet & 0x80 else -level


def audible(path, address):
    talks, count = {}, 0
    for source, from_port, target, to_port, payload in datagrams(path):
        ours = (source == address and 20000 <= from_port <= 20999) or \
               (target == address and 20000 <= to_port <= 20999)
        if ours and len(payload) > 100 and payload[0] >> 6 == 2:
            talks.setdefault((source, from_port), bytearray()).extend(payload[12:172])
            count += 1
    loudest = 0.0
    for talk, octets in talks.items():
        if len(octets) < RATE:
            continue
        samples = [linear(octet) for octet in octets[len(octets) // 3:][:RATE]]
        level = loudness(samples, RATE, TONE_HZ)
        print(f"{talk}: {len(octets) / RATE:.1f} s, 440 Hz at {level:.0f}")
        loudest = max(loudest, level)
    print(f"{count} packets of media at {address}")
    if count == 0:
        raise SystemExit(2)
    return loudest > 1500


def leaks(path, address, texts):
    found, sent = {}, 0
    for source, payload in packets(path):
        if source != address:
            continue
        sent += 1
        for text in texts:
            if text.encode() in payload:
                found.setdefault(text, payload)
    for text, payload in found.items():
        print(f"{text} in a packet from {address}:\n{payload.decode(errors='replace')[:1500]}")
    print(f"{sent} packets from {address}, {len(found)} of {len(texts)} names seen")
    return sent > 0 and not found


def sent(path, address, text):
    return any(source == address and text.encode() in payload for source, payload in packets(path))


def main(arguments):
    if not arguments:
        print(__doc__)
        return 2
    word, rest = arguments[0], arguments[1:]
    if word == "tone":
        tone(rest[0])
        return 0
    if word == "heard":
        return 0 if heard(rest) else 1
    if word == "control":
        control(*rest)
        return 0
    if word == "audible":
        return 0 if audible(*rest) else 1
    if word == "sent":
        return 0 if sent(*rest) else 1
    if word == "leaks":
        return 0 if leaks(rest[0], rest[1], rest[2:]) else 1
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
