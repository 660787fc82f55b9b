"""The month's bills for the accounts: numbers, dates and amounts; nobody's name and nothing that was done.

Pure reads: the service that exports asks for purpose and approval, writes the file and records it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import DecimalField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from patients import currencies
from patients.models import Invoice, Payment, Refund
from patients.queries import desk
from security.exports import Column
from security.models import User

BATCH = 500


COLUMNS = (
    Column("number", _("Number")),
    Column("kind", _("Kind")),
    Column("issued_on", _("Issued on")),
    Column("due_on", _("Due on")),
    Column("currency", _("Currency")),
    Column("total", _("Total")),
    Column("paid", _("Paid")),
    Column("refunded", _("Paid back")),
    Column("balance", _("Still owed")),
    Column("cancels", _("Cancels")),
)


def month_of(day: date) -> tuple[date, date]:
    """Return the first day of a day's month and the first day of the next."""
    first = day.replace(day=1)
    year, month = divmod(first.year * 12 + first.month, 12)
    return first, date(year, month + 1, 1)


def rows(month: date, *, reader: User) -> Iterator[tuple[str, ...]]:
    """Yield the bills and credit notes issued in a month, by number; only of patients the reader may bill."""
    first, after = month_of(month)
    found = (
        desk.visible(reader)
        .filter(issued_on__gte=first, issued_on__lt=after)
        .annotate(paid=_sum(Payment), refunded=_sum(Refund, status=Refund.Status.PAID))
        .select_related("cancels")
        .defer("sealed", "sealed_card", "cancels__sealed", "cancels__sealed_card")
        .order_by("series", "year", "sequence")
    )
    for one in found.iterator(chunk_size=BATCH):
        yield _row(one)


def _row(one: Any) -> tuple[str, ...]:
    def amount(value: Any) -> str:
        return currencies.plain(value, one.currency)

    # A credit note stands with its sign turned, so that a column adds up.
    sign = -1 if one.kind == Invoice.Kind.CREDIT_NOTE else 1
    return (
        one.number,
        one.kind,
        one.issued_on.isoformat(),
        one.due_on.isoformat() if one.due_on else "",
        one.currency,
        amount(sign * one.total),
        amount(one.paid),
        amount(one.refunded),
        amount(one.balance),
        one.cancels.number if one.cancels_id else "",
    )


def _sum(model: type[Payment] | type[Refund], **only: Any) -> Coalesce:
    inner = model.objects.filter(invoice=OuterRef("pk"), **only).order_by().values("invoice")
    output: DecimalField[Any, Any] = DecimalField(max_digits=30, decimal_places=currencies.PLACES)
    return Coalesce(
        Subquery(inner.annotate(sum=Sum("amount")).values("sum"), output_field=output),
        currencies.ZERO,
        output_field=output,
    )
