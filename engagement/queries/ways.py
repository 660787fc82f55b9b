"""How a person may be reached now: by which channel, where, in which language, or why not.

The one place that joins consent with an address; what is sent asks here, and again when it leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from consent.queries import standing
from consent.queries.standing import Answer
from engagement.queries import preferences
from engagement.queries.preferences import Wish
from patients.models import Patient
from patients.names import phone_numbers
from security import context
from security.sealing import SealBroken

# Way of delivery -> what the person allowed or refused it as.
ASKED_AS: Mapping[str, str] = {
    "email": "email",
    "sms": "sms",
    "wechat": "wechat",
    # Another door of the same house.
    "wecom": "wechat",
    "letter": "post",
    "portal": "",
}
NO_ADDRESS = "no_address"
NOT_WISHED = "not_wished"


@dataclass(frozen=True, slots=True)
class Way:
    """Where one person is reached by one channel."""

    patient_id: UUID
    channel: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class NoWay:
    """Why one person is not reached: one word, and the answer of consent where that is the reason."""

    patient_id: UUID
    why: str
    answer: Answer | None = None


def find(patient_id: UUID, purpose: str, channel: str) -> Way | NoWay:
    """Return how one person may be reached for a purpose by one channel."""
    return find_many([patient_id], purpose, channel)[patient_id]


def find_many(patient_ids: Collection[UUID], purpose: str, channel: str) -> dict[UUID, Way | NoWay]:
    """Return it for many people with the same number of queries as for one; every id gets an answer."""
    if channel not in ASKED_AS:
        return {one: NoWay(one, "channel") for one in patient_ids}
    answers = standing.may_many(patient_ids, purpose, ASKED_AS[channel])
    found: dict[UUID, Way | NoWay] = {
        one: NoWay(one, "consent", answer) for one, answer in answers.items()
    }
    allowed = [one for one, answer in answers.items() if answer.allowed]
    wishes = preferences.of_many(allowed) if allowed else {}
    with context.matching():
        for patient in Patient.objects.filter(pk__in=allowed):
            found[patient.pk] = _of(patient, channel, wishes.get(patient.pk, Wish()))
    return found


def _of(patient: Patient, channel: str, wish: Wish) -> Way | NoWay:
    if wish.channels and channel not in wish.channels:
        return NoWay(patient.pk, NOT_WISHED)
    try:
        if patient.deceased or patient.deceased_at:
            return NoWay(patient.pk, "deceased")
        address = address_of(patient, channel)
    except SealBroken:
        return NoWay(patient.pk, "unreadable")
    if not address:
        return NoWay(patient.pk, NO_ADDRESS)
    return Way(patient.pk, channel, address, wish.language or patient.language or "")


def address_of(patient: Patient, channel: str) -> str:
    """Return where a channel ends for a person, "" where nothing is known."""
    if channel == "portal":
        return str(patient.pk)
    if channel == "letter":
        return _postal(patient.addresses)
    telecoms = [one for one in patient.telecoms or () if one.get("use") != "old"]
    if channel == "sms":
        mobile = [one for one in telecoms if one.get("use") == "mobile"]
        return next(iter(phone_numbers(mobile) or phone_numbers(telecoms)), "")
    return next(
        (one["value"] for one in telecoms if one.get("system") == channel and one.get("value")), ""
    )


def _postal(addresses: Sequence[Mapping[str, Any]] | None) -> str:
    for one in addresses or ():
        if one.get("use") == "old":
            continue
        town = " ".join(one[name] for name in ("postalCode", "city") if one.get(name))
        lines = [*(one.get("line") or ()), town]
        text = one.get("text") or "\n".join(line for line in lines if line)
        if text:
            return str(text)
    return ""
