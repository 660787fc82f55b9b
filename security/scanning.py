"""Malware scan of uploads by clamd's INSTREAM protocol; without a scanner nothing is ever called clean."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings

CHUNK = 64 * 1024
SECONDS = 20
MOST_ANSWER = 4096


class Verdict(StrEnum):
    """What is known of a file."""

    NOT_SCANNED = "not_scanned"
    NOTHING_FOUND = "nothing_found"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class Scan:
    """A verdict and, where something was found, what the scanner calls it."""

    verdict: Verdict
    signature: str = ""


def scan(content: bytes) -> Scan:
    """Ask the configured clamd about a file; an unreachable or failing one is "not scanned", never clean."""
    if not settings.CLAMD_URL:
        return Scan(Verdict.NOT_SCANNED)
    try:
        answer = _ask(content)
    except OSError:
        return Scan(Verdict.NOT_SCANNED)
    if answer == "stream: OK":
        return Scan(Verdict.NOTHING_FOUND)
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return Scan(Verdict.FOUND, answer.removeprefix("stream: ").removesuffix(" FOUND")[:120])
    return Scan(Verdict.NOT_SCANNED)


def _ask(content: bytes) -> str:
    with _connected() as line:
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK):
            part = content[start : start + CHUNK]
            line.sendall(struct.pack(">I", len(part)) + part)
        line.sendall(struct.pack(">I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < MOST_ANSWER:
            part = line.recv(MOST_ANSWER)
            if not part:
                break
            answer += part
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _connected() -> socket.socket:
    where = urlsplit(settings.CLAMD_URL)
    if where.scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(SECONDS)
        line.connect(where.path)
        return line
    return socket.create_connection((where.hostname or "127.0.0.1", where.port or 3310), SECONDS)
