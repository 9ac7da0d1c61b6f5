#!/usr/bin/env python3
"""Small helpers of the interop cases; standard library only.

    tools.py tone FILE                 20 s of 440 Hz, 8 kHz mono, as a WAV file
    tools.py heard FILE...             exit 0 when each WAV holds a 440 Hz tone
    tools.py control PORT COMMAND [PARAMETER]
                                       one command to baresip's control port; prints the answers
    tools.py leaks CAPTURE ADDRESS TEXT...
                                       exit 1 when a packet sent from our socket ADDRESS holds one of the texts
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
    if word == "sent":
        return 0 if sent(*rest) else 1
    if word == "leaks":
        return 0 if leaks(rest[0], rest[1], rest[2:]) else 1
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
