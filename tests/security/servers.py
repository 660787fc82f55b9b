"""Small servers on this machine that behave as badly as a test wants: real sockets, real certificates."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def serving(talk: Talk) -> Iterator[int]:
    """Serve a talk to whoever connects, and yield the port; leaving ends every talk."""
    over = threading.Event()
    door = socket.create_server(("127.0.0.1", 0))
    door.settimeout(0.05)
    talks: list[threading.Thread] = []

    def one(line: socket.socket) -> None:
        with line, suppress(OSError):
            line.settimeout(5)
            talk(line, over)

    def accept() -> None:
        while not over.is_set():
            try:
                line, _address = door.accept()
            except TimeoutError:
                continue
            talks.append(threading.Thread(target=one, args=(line,)))
            talks[-1].start()

    keeper = threading.Thread(target=accept)
    keeper.start()
    try:
        yield door.getsockname()[1]
    finally:
        over.set()
        keeper.join()
        door.close()
        for each in talks:
            each.join()


def hang(line: socket.socket, over: threading.Event) -> None:
    """Take the connection and say nothing."""
    over.wait(60)


def drip(line: socket.socket, over: threading.Event) -> None:
    """Say one letter after the other, for ever: no single wait is long."""
    while not over.wait(0.02):
        line.sendall(b"2")


def rubbish(line: socket.socket, over: threading.Event) -> None:
    """Say what no protocol knows, and leave with the other side."""
    line.sendall(b"\x00\xff\xfe what? \r\n" * 3)
    line.recv(65536)


def refuse(line: socket.socket, over: threading.Event) -> None:
    """Refuse as a mail server does."""
    line.sendall(b"554 go away\r\n")


class Mailbox:
    """A mail server that takes mails, or refuses the recipient, or hangs at the goodbye."""

    def __init__(self, *, recipient: bytes = b"250 ok", hangs_at: bytes = b"") -> None:
        self.taken: list[bytes] = []
        self._recipient, self._hangs_at = recipient, hangs_at

    def __call__(self, line: socket.socket, over: threading.Event) -> None:
        line.sendall(b"220 here\r\n")
        stream = line.makefile("rb")
        with stream:
            for said in stream:
                word = said.split(b" ")[0].strip().upper()
                if self._hangs_at and word == self._hangs_at:
                    over.wait(60)
                    return
                if word == b"DATA":
                    line.sendall(b"354 go on\r\n")
                    self.taken.append(b"".join(iter(stream.readline, b".\r\n")))
                    line.sendall(b"250 taken\r\n")
                elif word == b"RCPT":
                    line.sendall(self._recipient + b"\r\n")
                else:
                    line.sendall(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return


class Gateway:
    """An HTTP server that keeps what it was asked and answers from a list, the last one for good."""

    def __init__(
        self, *answers: object, status: int = 200, context: ssl.SSLContext | None = None
    ) -> None:
        self.asked: list[tuple[str, dict[str, str], object]] = []
        self._answers, self._status, self._context = list(answers), status, context

    def __call__(self, line: socket.socket, over: threading.Event) -> None:
        if self._context is None:
            return self._answer(line)
        with self._context.wrap_socket(line, server_side=True) as secure:
            return self._answer(secure)

    def _answer(self, line: socket.socket) -> None:
        with line.makefile("rb") as stream:
            first = stream.readline().decode().strip()
            lines = iter(lambda: stream.readline().decode().strip(), "")
            headers = {
                name.lower(): value for name, _, value in (one.partition(": ") for one in lines)
            }
            body = stream.read(int(headers.get("content-length", 0)))
        self.asked.append((first, headers, json.loads(body) if body else None))
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        line.sendall(
            b"HTTP/1.1 %d Said\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: %d\r\n\r\n%s"
            % (self._status, len(content), content)
        )


def certificate(folder: Path, *, name: str = "localhost", is_over: bool = False) -> Path:
    """Write a self-signed certificate with its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    said = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    ends_at = now - timedelta(days=1) if is_over else now + timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(said)
        .issuer_name(said)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(ends_at)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}{'-over' if is_over else ''}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def secured(path: Path) -> ssl.SSLContext:
    """Return the server's side of TLS with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
