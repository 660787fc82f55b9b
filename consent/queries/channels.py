"""By which channel, or to which recipient outside, a purpose is asked apart, and what those are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.models import OverseasRecipient, ProcessingPurpose, Recipient
from consent.queries.limits import DATA
from security.classification import CATEGORY_LABELS, Category

CHANNELS: Mapping[str, Promise] = {
    "email": _("E-mail"),
    "sms": _("Text message"),
    "phone": _("Telephone"),
    "post": _("Letter"),
    "wechat": _("WeChat"),
    "portal": _("Patient portal"),
}


@dataclass(frozen=True, slots=True)
class Outside:
    """Somebody outside to whom data may go, as a person is told before agreeing (PIPL 23, 39)."""

    key: str
    name: str
    contact: str
    country: str


def is_per_recipient(purpose: ProcessingPurpose) -> bool:
    """Tell whether each recipient outside is agreed to apart: the purpose names no channels of its own."""
    return purpose.is_per_channel and not purpose.channels


def of(purpose: ProcessingPurpose) -> list[str]:
    """Return by which channels a purpose may be asked now; one empty one where it is asked as a whole."""
    if not purpose.is_per_channel:
        return [""]
    return list(purpose.channels) or [one.key for one in outside(purpose)]


def outside(purpose: ProcessingPurpose) -> list[Outside]:
    """Return to whom data may go for a purpose that is asked per recipient, by name."""
    known: dict[str, Recipient | OverseasRecipient] = {}
    rows = Recipient.objects.in_use()
    if purpose.is_cross_border:
        rows = rows.filter(is_abroad=True)
        known = {one.key: one for one in OverseasRecipient.objects.open().filter(purpose=purpose)}
    known |= {one.key: one for one in rows}
    found = [Outside(one.key, one.label, one.contact, one.country) for one in known.values()]
    return sorted(found, key=lambda one: (one.name, one.key))


def names() -> Mapping[str, str]:
    """Return what every channel and every recipient is called, retired ones too; two queries."""
    abroad = {one.key: one.label for one in OverseasRecipient.objects.all()}
    here = {one.key: one.label for one in Recipient.objects.all()}
    return abroad | here | {key: str(label) for key, label in CHANNELS.items()}


def label(channel: str, known: Mapping[str, str] | None = None) -> str:
    """Return what one channel or recipient is called."""
    if channel in CHANNELS or not channel:
        return str(CHANNELS.get(channel, ""))
    return (known if known is not None else names()).get(channel, channel)


def data(purpose: ProcessingPurpose | None = None) -> list[tuple[str, str]]:
    """Return the categories of data that may be chosen, as choices; special protection is said apart."""
    asked = DATA - {Category.RESTRICTED}
    return [
        (str(one), str(CATEGORY_LABELS[one]))
        for one in Category
        if one in asked and (purpose is None or str(one) in purpose.categories)
    ]


def data_labels(categories: object, language: str = "") -> str:
    """Return categories of data in words."""
    named = categories if isinstance(categories, (list, tuple)) else ()
    known = [one for one in Category if str(one) in named]
    with translation.override(language or translation.get_language()):
        return ", ".join(str(CATEGORY_LABELS[one]) for one in known)
