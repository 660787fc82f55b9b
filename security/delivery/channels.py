"""Ways out of the house: each hands one opened message over, or raises."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from smtplib import SMTPRecipientsRefused
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.utils.module_loading import import_string

from security.masks import masked_address


class NotDelivered(Exception):
    """The message was not handed over; `why` is one word for the row, never an address."""

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.why = why
        # No second attempt can mend it.
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it leaves: opened, for the time of the handing over."""

    address: str
    title: str
    text: str
    # Where the reader goes on, for channels that carry no text of ours.
    link: str = ""
    # The same at each attempt: whoever is asked twice with it sends once.
    key: str = ""


class Channel(Protocol):
    """What every channel can do; `is_repeatable`: asked twice with one key it sends once."""

    is_repeatable: bool

    def send(self, letter: Letter) -> None:
        """Hand a message over, or raise."""


class EmailChannel:
    """Plain text by mail; strangers read it on its way, so deeds put nothing of health into it."""

    is_repeatable = False

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
            headers=_headers(letter),
        )
        try:
            count = mail.send()
        except SMTPRecipientsRefused as refusal:
            codes = [code for code, _said in refusal.recipients.values()]
            raise NotDelivered("recipient", is_final=all(code >= 500 for code in codes)) from None
        if count != 1:
            raise NotDelivered("refused")


def _headers(letter: Letter) -> dict[str, str]:
    named = {"Auto-Submitted": "auto-generated"}
    if letter.key:
        domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
        named["Message-ID"] = f"<{letter.key}@{domain}>"
    return named


class ConsoleChannel:
    """Tells the terminal of a demo: a title, to whom it went, masked; the text is on a page of the demo."""

    is_repeatable = True

    def send(self, letter: Letter) -> None:
        """Print one line."""
        sys.stdout.write(f"message to {masked_address(letter.address)!r}: {letter.title!r}\n")
        sys.stdout.flush()


class PortalChannel:
    """Leaves a notice in the person's own pages: the row itself is the notice."""

    is_repeatable = True

    def send(self, letter: Letter) -> None:
        """Do nothing more: it lies where it is read."""


class PaperChannel:
    """Letters for the post: they wait until somebody prints them; no worker sends one."""

    is_repeatable = False

    def send(self, letter: Letter) -> None:
        """Refuse: paper leaves by hand."""
        raise NotDelivered("by_hand")


# What people of the clinic bring on its way, not a worker.
BY_HAND = frozenset({"letter"})


@lru_cache(maxsize=16)
def _made(path: str) -> Channel:
    channel: Channel = import_string(path)()
    return channel


def named(name: str) -> Channel:
    """Return the configured channel of a name."""
    try:
        return _made(settings.DELIVERY_CHANNELS[name])
    except KeyError:
        raise NotDelivered("channel") from None
