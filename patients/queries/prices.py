"""The price list, as pages and forms show it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext

from patients import currencies
from patients.models import PriceItem

SHOWN = 200


def label(price: PriceItem) -> str:
    """Return what a service is called in the reader's language."""
    return in_words(price.name, price.name_zh)


def in_words(name: str, name_zh: str) -> str:
    """Return the name in the reader's language."""
    is_chinese = (get_language() or "").startswith("zh")
    return name_zh if is_chinese and name_zh else name or name_zh


def choices(day: date | None = None) -> list[tuple[str, str]]:
    """Return the services that can be billed on a day, with their price."""
    found = PriceItem.objects.valid_on(day or timezone.localdate()).order_by("code", "currency")
    return [
        (
            str(one.pk),
            f"{one.code} · {label(one)} · "
            f"{currencies.text(one.amount, one.currency)} {one.currency}",
        )
        for one in found
    ]


def page(*, everything: bool = False) -> list[dict[str, Any]]:
    """Return the price list: what is in force or will be, or all that ever was."""
    today = timezone.localdate()
    found = PriceItem.objects.order_by("code", "currency", "-valid_from")
    if not everything:
        found = found.exclude(valid_until__lt=today)
    return [_row(one, today) for one in found[:SHOWN]]


def shown(one: PriceItem) -> dict[str, Any]:
    """Return one price as it is shown."""
    return _row(one, timezone.localdate())


def _row(one: PriceItem, today: date) -> dict[str, Any]:
    if one.valid_from > today:
        state, tone = gettext("planned"), "info"
    elif one.valid_until is not None and one.valid_until < today:
        state, tone = gettext("finished"), "neutral"
    else:
        state, tone = gettext("in force"), "good"
    return {
        "id": str(one.pk),
        "version": one.version,
        "code": one.code,
        "name": one.name,
        "name_zh": one.name_zh,
        "amount": currencies.text(one.amount, one.currency),
        "currency": one.currency,
        "valid_from": formats.date_format(one.valid_from, "DATE_FORMAT"),
        "valid_until": (
            formats.date_format(one.valid_until, "DATE_FORMAT") if one.valid_until else ""
        ),
        "state": state,
        "tone": tone,
        "is_open": one.valid_until is None,
    }


def find(price_id: UUID) -> PriceItem | None:
    """Return a price, or None."""
    return PriceItem.objects.filter(pk=price_id).first()
