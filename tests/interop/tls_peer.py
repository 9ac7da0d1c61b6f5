#!/usr/bin/env python3
"""Neighbours over TLS that do one thing wrong, and one that does all right the whole time.

    tls_peer.py WORK BORDER-HOST:PORT CHECK...

WORK holds the certificates.  Each CHECK prints "CHECK good" or "CHECK why it is not".
"""
import socket
import ssl
import subprocess
import sys
import time

WORK = sys.argv[1]
HOST, PORT = sys.argv[2].rsplit(":", 1)
OPTIONS = ("OPTIONS sip:border.carriers.example SIP/2.0\r\n"
           "Via: SIP/2.0/TLS 127.0.0.2:5061;branch=z9hG4bK{0}\r\nMax-Forwards: 70\r\n"
           "From: <sip:a@caller.example>;tag=1\r\nTo: <sip:border.carriers.example>\r\n"
           "Call-ID: {0}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")


def context(name):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.load_verify_locations(f"{WORK}/ca.pem")
    if name:
        made.load_cert_chain(f"{WORK}/{name}.pem", f"{WORK}/{name}.key")
    return made


def raw(host="127.0.0.2"):
    connection = socket.create_connection((HOST, int(PORT)), 5, (host, 0))
    connection.settimeout(15)
    return connection


def ask(connection, number):
    connection.sendall(OPTIONS.format(number).encode())
    return connection.recv(4096).decode().startswith("SIP/2.0 200")


def served(name):
    try:
        with context(name).wrap_socket(raw()) as connection:
            return ask(connection, f"served-{name}")
    except OSError:
        return False


def old_version():
    """openssl s_client with all it can offer of TLS 1.1; true when it was served."""
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"{HOST}:{PORT}", "-bind", "127.0.0.2", "-tls1_1",
         "-cipher", "ALL:@SECLEVEL=0", "-cert", f"{WORK}/caller.pem", "-key", f"{WORK}/caller.key"],
        input=b"", capture_output=True, timeout=20)
    return b"Cipher    : 0000" not in shown.stdout and b"alert" not in shown.stderr


def renegotiates():
    """An R on a line of its own makes s_client ask for it, in TLS 1.2."""
    peer = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"{HOST}:{PORT}", "-bind", "127.0.0.2", "-tls1_2",
         "-cert", f"{WORK}/caller.pem", "-key", f"{WORK}/caller.key"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(1)
    peer.stdin.write(b"R\n")
    peer.stdin.flush()
    try:
        peer.wait(5)
        return b"no renegotiation" not in peer.stderr.read()
    except subprocess.TimeoutExpired:
        peer.kill()
        return True


def slow():
    """Half a ClientHello; how long we are suffered."""
    with raw() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        began = time.monotonic()
        try:
            while connection.recv(4096):
                pass
        except OSError:
            pass
        return not 5 < time.monotonic() - began < 14


CHECKS = {"old-version": old_version, "renegotiation": renegotiates, "slow": slow}

with context("caller").wrap_socket(raw()) as other:
    for check in sys.argv[3:]:
        was_served = CHECKS[check]() if check in CHECKS else served(check)
        unharmed = ask(other, f"other-{check}") and served("caller")
        print(check, "was served" if was_served else
              "harms others" if not unharmed else "good", flush=True)
