"""Handing out the receipt of an act, as a signed file or on paper."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from consent import keys, printing
from consent.models import ConsentEvent
from consent.queries import receipts as queries
from consent.queries import words
from security import trail
from security.access.gate import Refused
from security.models import User


class NoReceipt(Refused):
    """The receipt can not be made now."""


@transaction.atomic
def hand_out(*, event: ConsentEvent, as_file: bool, by: User) -> bytes:
    """Return the receipt of an act as JSON or as PDF; it is made in memory and kept nowhere.

    Words that were changed past the deeds are not signed as those that somebody agreed to.
    """
    if event.words is not None and words.digest(event.words) != event.text_sha256:
        raise NoReceipt(_("The words are not those that were agreed to. Tell an officer."))
    try:
        key = keys.read()
        if as_file:
            written = queries.as_json(event, key).encode()
        else:
            written = printing.pdf("receipt", queries.as_page(event, key))
    except keys.ReceiptKeyError:
        raise NoReceipt(_("Receipts can not be signed now: the key is missing.")) from None
    except printing.NotPrintable:
        raise NoReceipt(_("The page can not be printed now.")) from None
    trail.record("consent.receipt.taken", subjects=[event.patient_id], obj=event, by=by)
    return written
