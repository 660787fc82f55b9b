"""The lanes in which the clinic writes to many people: what each rests on, and its own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane: the purpose of the register that is asked for each person, and the rules beside it."""

    key: str
    label: Promise
    sentence: Promise
    # What is asked of consent, for each person and channel.
    purpose: str
    # Whether it counts among what a person gets within some days.
    is_capped: bool
    # Whether people below the age of deciding alone get it.
    is_for_minors: bool
    # Whether people who share an address get it once.
    is_once_per_address: bool


_ALL = (
    Lane(
        "tips",
        _("Security tips"),
        _("How people protect their data. Rests on no consent; whoever objects gets none."),
        "information",
        is_capped=True,
        is_for_minors=False,
        is_once_per_address=True,
    ),
    Lane(
        "policy",
        _("Policy news"),
        _("What changed in how data are used. Each person is told, however much else they got."),
        "information",
        is_capped=False,
        is_for_minors=True,
        is_once_per_address=False,
    ),
    Lane(
        "education",
        _("Health education"),
        _("Only for people who asked for it, by the way they chose."),
        "education",
        is_capped=True,
        is_for_minors=False,
        is_once_per_address=True,
    ),
    Lane(
        "recall",
        _("Recall"),
        _("What is due for people's care: as reminders, and not counted among the rest."),
        "reminders",
        is_capped=False,
        is_for_minors=True,
        is_once_per_address=False,
    ),
    Lane(
        "marketing",
        _("Offers"),
        _("Only for people who agreed to offers, by this way."),
        "marketing",
        is_capped=True,
        is_for_minors=False,
        is_once_per_address=True,
    ),
)
LANES: Mapping[str, Lane] = {one.key: one for one in _ALL}
CHOICES = tuple((one.key, one.label) for one in _ALL)
CAPPED = tuple(one.key for one in _ALL if one.is_capped)

CHANNELS: Mapping[str, Promise] = {
    "email": _("E-mail"),
    "sms": _("Text message"),
    "wechat": _("WeChat"),
    "letter": _("Letter"),
    "portal": _("Portal"),
}
# What strangers can not read on its way: behind a sign-in, or in an envelope.
CLOSED = frozenset({"portal", "letter"})
