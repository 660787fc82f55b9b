"""Outside places that signed heads are sent to, so that a rewritten ledger does not fit them."""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cryptography import x509
from django.conf import settings
from django.utils.translation import gettext as _
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.models import Checkpoint, Stamp
from security.access.gate import Refused
from security.classification import SubjectKind
from security.delivery import outbox
from security.models import User
from security.sealing import SealBroken
from security.services import letters

log = logging.getLogger(__name__)

SECONDS = 10
# An answer that comes letter by letter never times out by itself.
MOST_SECONDS = 30.0
MOST_BYTES = 64 * 1024
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class NotAnchored(Exception):
    """A head did not get there; the message is a few words for the row, never an address."""


@dataclass(frozen=True)
class Place:
    """One kind of anchor: how often a head goes there, and by what."""

    name: str
    every: timedelta
    send: Callable[[Checkpoint], None]


def to_log(head: Checkpoint) -> None:
    """Copy a head into the worker's log, which a collector carries elsewhere."""
    if not log.isEnabledFor(logging.INFO):
        raise NotAnchored("the log leaves such lines out")
    log.info("signed head %d: %s", head.number, " | ".join(head.note.split("\n")))


def to_officers(head: Checkpoint) -> None:
    """Put a head into the outbox for each officer that the settings name."""
    named = User.objects.filter(handle__in=settings.ANCHOR_OFFICERS, is_active=True)
    sent = [_write(user, head) for user in named.order_by("pk")]
    if not any(sent):
        raise NotAnchored("no officer with an address")


def _write(user: User, head: Checkpoint) -> bool:
    try:
        address = letters.address_of(user)
    except SealBroken:
        # One account that was damaged must not keep the head from the others.
        return False
    if not address:
        return False
    message = outbox.Message(
        channel="email",
        topic="audit.head",
        address=address,
        title=_("Signed state of the audit trail"),
        text="{}\n\n{}".format(
            _("Keep this message: it shows later that nothing before it was changed."), head.note
        ),
    )
    try:
        outbox.queue(message=message, recipient=user.pk, kind=SubjectKind.USER, by=None)
    except Refused as refused:
        raise NotAnchored("the outbox refuses") from refused
    return True


def to_address(head: Checkpoint) -> None:
    """Post a head to the operator's address."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if settings.ANCHOR_TOKEN:
        headers["Authorization"] = f"Bearer {settings.ANCHOR_TOKEN}"
    post(settings.ANCHOR_URL, head.note.encode(), headers)


def to_authority(head: Checkpoint) -> None:
    """Have a time-stamping authority sign a head (RFC 3161), and keep its answer."""
    request = (
        TimestampRequestBuilder()
        .data(head.note.encode())
        .hash_algorithm(HashAlgorithm.SHA256)
        .build()
    )
    headers = {"Content-Type": "application/timestamp-query"}
    answer = post(settings.TSA_URL, request.as_bytes(), headers)
    try:
        verifier = VerifierBuilder.from_request(request)
        for root in roots():
            verifier = verifier.add_root_certificate(root)
        stamp = decode_timestamp_response(answer)
        verifier.build().verify_message(stamp, head.note.encode())
    except (ValueError, VerificationError) as error:
        raise NotAnchored("the stamp is not one that is trusted") from error
    Stamp.objects.create(checkpoint=head.number, stamped_at=stamp.tst_info.gen_time, answer=answer)


def roots() -> list[x509.Certificate]:
    """Return the root certificates by which stamps of the authority are trusted; raise NotAnchored."""
    try:
        return x509.load_pem_x509_certificates(Path(settings.TSA_ROOTS).read_bytes())
    except (OSError, ValueError) as error:
        raise NotAnchored("no root certificates") from error


def post(address: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Post to an address whose host is in the list; being sent on is refused, and so is a slow answer."""
    try:
        parts = urlsplit(address)
        if parts.hostname not in settings.ANCHOR_HOSTS:
            raise NotAnchored("the host is not in the list")
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        with _for_a_while(_connect(parts)) as connection:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            content = answer.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        # An address that can not be read is a failure of this anchor and of no other.
        raise NotAnchored(type(error).__name__) from error
    if not 200 <= answer.status < 300:
        raise NotAnchored(f"answer {answer.status}")
    if len(content) > MOST_BYTES:
        raise NotAnchored("the answer is too long")
    return content


@contextmanager
def _for_a_while(
    connection: http.client.HTTPConnection,
) -> Iterator[http.client.HTTPConnection]:
    """Open a connection, and cut it when it lasts too long; raise NotAnchored if it was cut."""
    is_cut = threading.Event()

    def cut(sock: socket.socket) -> None:
        is_cut.set()
        with suppress(OSError):
            # Past TLS, which would wait for the other side to agree.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    try:
        connection.connect()
        timer = threading.Timer(MOST_SECONDS, cut, [connection.sock])
        timer.start()
        try:
            yield connection
        except (OSError, http.client.HTTPException):
            if not is_cut.is_set():
                raise
        finally:
            timer.cancel()
            timer.join()
        if is_cut.is_set():
            raise NotAnchored("the answer takes too long")
    finally:
        connection.close()


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=context)
    # Without TLS only to this very machine.
    if parts.scheme != "http" or host not in LOOPBACK:
        raise NotAnchored("the address is not https")
    return http.client.HTTPConnection(host, parts.port, timeout=SECONDS)


# The sealer itself appends to the file; the worker sends to the others.
FILE = "file"
PLACES = {
    "log": Place("log", timedelta(0), to_log),
    "address": Place("address", timedelta(0), to_address),
    "officers": Place("officers", timedelta(days=1), to_officers),
    "authority": Place("authority", timedelta(hours=1), to_authority),
}


def configured() -> list[str]:
    """Return the names of the anchors that the settings ask for."""
    asked = {
        FILE: True,
        "log": True,
        "address": bool(settings.ANCHOR_URL),
        "officers": bool(settings.ANCHOR_OFFICERS),
        "authority": bool(settings.TSA_URL),
    }
    return [name for name, is_asked in asked.items() if is_asked]


def is_due(place: Place, sent_at: datetime | None, now: datetime) -> bool:
    """Tell whether a head may go to a place again."""
    # A time that has not come yet was put there by somebody, and would silence the place.
    return sent_at is None or sent_at > now or now - sent_at >= place.every
