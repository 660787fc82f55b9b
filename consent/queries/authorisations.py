"""Whether an authorisation covers a disclosure: in force, to this recipient, for these data, with an end.

HIPAA 164.508(c) wants the recipient, the information and an expiry named; an authorisation without one of
them is none. What it names stands sealed in the event: `recipients` (keys or names), `categories`
(categories of data), `expiry` (an event that ends it, where no day does) and `restricted` (whether specially
protected records are named as well, as 42 CFR Part 2 wants).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.models import ConsentEvent, Recipient
from consent.queries import register
from consent.queries.standing import may
from security import context
from security.sealing import SealBroken

INCOMPLETE = _(
    "The authorisation is not complete: it names no recipient, no data or no end (45 CFR 164.508(c))."
)
WRONG_RECIPIENT = _("The authorisation names another recipient.")
OTHER_DATA = _("The authorisation does not name all these data.")
NOT_PROTECTED = _("The authorisation does not name specially protected records.")
UNREADABLE = _("The authorisation can not be opened.")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an authorisation covers a disclosure, why not, and its event."""

    covers: bool
    reason: Promise | str = ""
    event_id: UUID | None = None


def find(
    patient_id: UUID, recipient: Recipient, categories: Collection[str], *, with_protected: bool
) -> Verdict:
    """Return whether the patient authorised sharing these data with this recipient, now."""
    answer = may(patient_id, register.SHARING, recipient.key)
    if not answer.allowed:
        return Verdict(False, answer.reason, answer.event_id)
    rows = ConsentEvent.objects.filter(patient_id=patient_id)
    event = rows.filter(pk=answer.event_id).first() if answer.event_id else None
    if event is None:
        # The purpose rests on no consent here, or nobody wrote down what was said.
        return Verdict(False, INCOMPLETE)
    try:
        with context.matching():
            elements = event.elements
    except SealBroken:
        return Verdict(False, UNREADABLE, event.pk)
    reason = _against(event, elements, recipient, categories, with_protected=with_protected)
    return Verdict(reason is None, reason or "", event.pk)


def _against(
    event: ConsentEvent,
    elements: Any,
    recipient: Recipient,
    categories: Collection[str],
    *,
    with_protected: bool,
) -> Promise | None:
    named = elements if isinstance(elements, Mapping) else {}
    recipients, data = _texts(named.get("recipients")), _texts(named.get("categories"))
    if not recipients or not data or not (event.until or named.get("expiry")):
        return INCOMPLETE
    if not recipients & {recipient.key, recipient.name, recipient.name_zh} - {""}:
        return WRONG_RECIPIENT
    if not set(map(str, categories)) <= data:
        return OTHER_DATA
    if with_protected and named.get("restricted") is not True:
        return NOT_PROTECTED
    return None


def _texts(value: Any) -> set[str]:
    items: Iterable[Any] = [value] if isinstance(value, str) else value or ()
    return {one for one in items if isinstance(one, str) and one}
