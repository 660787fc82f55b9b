"""What people wish of messages, for whoever writes to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from engagement.models import ContactPreference

# The clinic's order of ways where a person has none.
USUAL = ("sms", "wechat", "wecom", "email", "portal", "letter")


class Wish(NamedTuple):
    """By which ways, the dearest first (none: all), and in which language (empty: the record's)."""

    channels: tuple[str, ...] = ()
    language: str = ""


def of_many(patient_ids: Collection[UUID]) -> Mapping[UUID, Wish]:
    """Return what those wish who said something; plain columns, nothing is opened."""
    rows = ContactPreference.objects.filter(patient_id__in=patient_ids)
    found = rows.values_list("patient_id", "channels", "language")
    return {one: Wish(tuple(channels), language) for one, channels, language in found}


def ordered(channels: Sequence[str], wish: Wish) -> list[str]:
    """Return of some ways those that a person wishes, in the wished order."""
    if not wish.channels:
        return list(channels)
    return [one for one in wish.channels if one in channels]
