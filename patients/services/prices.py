"""The price list: prices begin and end, and never change in between."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.models import PriceItem
from patients.services.payments import check_amount
from security import trail
from security.access.gate import Refused
from security.models import User


class Overlaps(Refused):
    """Two prices of one service would be in force on the same day."""


class EndedMeanwhile(Refused):
    """Somebody else ended the price."""


class EndsBefore(Refused):
    """A price ends before it begins."""


@transaction.atomic
def add(  # noqa: PLR0913 - a price has these parts
    *,
    code: str,
    name: str,
    name_zh: str,
    amount: Decimal,
    currency: str,
    valid_from: date,
    valid_until: date | None = None,
    by: User | None,
) -> PriceItem:
    """Let a price begin; no other of the service may be in force within its days."""
    check_amount(amount, currency)
    if valid_until and valid_until < valid_from:
        raise EndsBefore(_("A price cannot end before it begins."))
    with connection.cursor() as cursor:
        # There is no row to lock before the first price of a service.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('patients.price'), hashtext(%s))", [code]
        )
    within = Q(valid_until=None) | Q(valid_until__gte=valid_from)
    others = PriceItem.objects.filter(within, code=code, currency=currency)
    if valid_until:
        others = others.filter(valid_from__lte=valid_until)
    if others.exists():
        raise Overlaps(
            _("Another price of this service is in force within these days. End that one first.")
        )
    row = PriceItem.objects.create(
        code=code,
        name=name,
        name_zh=name_zh,
        amount=amount,
        currency=currency,
        valid_from=valid_from,
        valid_until=valid_until,
        created_by=by,
    )
    trail.record("patients.price.added", obj=row, changed=[row], by=by)
    return row


@transaction.atomic
def end(*, price_id: UUID, version: int, valid_until: date, by: User) -> PriceItem:
    """Let a price end on a day; what was billed by it stays."""
    row = PriceItem.objects.select_for_update().get(pk=price_id)
    if row.version != version or row.valid_until is not None:
        raise EndedMeanwhile(_("Somebody else ended this price meanwhile. Look at the list again."))
    if valid_until < row.valid_from:
        raise EndsBefore(_("A price cannot end before it begins."))
    row.valid_until, row.version = valid_until, row.version + 1
    row.save(update_fields=["valid_until", "version"])
    trail.record("patients.price.ended", obj=row, changed=[row], by=by)
    return row
