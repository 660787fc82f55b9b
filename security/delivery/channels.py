"""Ways out of the house: each hands one opened message over, or raises."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.utils.module_loading import import_string

from security.masks import masked_address


class NotDelivered(Exception):
    """The message was not handed over; `why` is one word for the row, never an address."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it leaves: opened, for the time of the handing over."""

    address: str
    title: str
    text: str


class Channel(Protocol):
    """What every channel can do."""

    def send(self, letter: Letter) -> None:
        """Hand a message over, or raise."""


class EmailChannel:
    """Plain text by SMTP; strangers read mail on its way, so deeds put no patient into it."""

    def send(self, letter: Letter) -> None:
        """Send one mail; refuse characters that would forge a header (CWE-93)."""
        if not (letter.address.isprintable() and letter.title.isprintable()):
            raise NotDelivered("header")
        validate_email(letter.address)
        mail = EmailMessage(
            subject=letter.title,
            body=letter.text,
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[letter.address],
            headers={"Auto-Submitted": "auto-generated"},
        )
        if mail.send() != 1:
            raise NotDelivered("refused")


class ConsoleChannel:
    """Tells the terminal of a demo: a title, to whom it went, masked; never the text."""

    def send(self, letter: Letter) -> None:
        """Print one line."""
        sys.stdout.write(f"message to {masked_address(letter.address)!r}: {letter.title!r}\n")
        sys.stdout.flush()


@lru_cache(maxsize=8)
def _made(path: str) -> Channel:
    channel: Channel = import_string(path)()
    return channel


def named(name: str) -> Channel:
    """Return the configured channel of a name."""
    try:
        return _made(settings.DELIVERY_CHANNELS[name])
    except KeyError:
        raise NotDelivered("channel") from None
