"""The month's bills for the accounts: numbers, dates and amounts; nobody's name and nothing that was done.

Pure reads: the service that exports asks for purpose and approval, writes the file and records it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import DecimalField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from patients import currencies
from patients.models import Invoice, Payment, Refund
from patients.queries import desk
from security.access.permissions import Permission
from security.models import User

BATCH = 500


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export: its key, its heading, and its level by GB/T 39725."""

    key: str
    label: Promise
    level: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What the service that exports must know of one export."""

    key: str
    label: Promise
    permission: Permission
    approval: Permission | None
    purposes: tuple[str, ...]
    columns: tuple[Column, ...]


COLUMNS = (
    Column("number", _("Number"), 3),
    Column("kind", _("Kind"), 2),
    Column("issued_on", _("Issued on"), 3),
    Column("due_on", _("Due on"), 3),
    Column("currency", _("Currency"), 2),
    Column("total", _("Total"), 3),
    Column("paid", _("Paid"), 3),
    Column("refunded", _("Paid back"), 3),
    Column("balance", _("Still owed"), 3),
    Column("cancels", _("Cancels"), 3),
)
MONTH = Entry(
    key="billing_month",
    label=_("Bills of a month"),
    permission=Permission.EXPORT_REQUEST,
    approval=Permission.EXPORT_APPROVE,
    purposes=("HPAYMT",),
    columns=COLUMNS,
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


def watermark(
    *, reader: User, at: datetime, purpose: str, count: int, digest: str, month: date
) -> tuple[str, ...]:
    """Return the row that says who took the file, when, what for, how many rows, and their digest."""
    words = gettext(
        "Exported from Custodia by %(who)s on %(at)s for %(purpose)s: "
        "%(month)s, %(count)d rows, SHA-256 %(digest)s"
    ) % {
        "who": reader.handle,
        "at": at.isoformat(timespec="seconds"),
        "purpose": purpose,
        "month": month.strftime("%Y-%m"),
        "count": count,
        "digest": digest,
    }
    return (words, *("" for _column in COLUMNS[1:]))


def digest_of(taken: Iterable[Sequence[str]]) -> str:
    """Return the digest of the rows, whatever the file's form is: every cell with its length before it."""
    found = hashlib.sha256()
    for row in taken:
        for cell in row:
            raw = cell.encode()
            found.update(len(raw).to_bytes(4, "big") + raw)
        found.update(b"\xff\xff\xff\xff")
    return found.hexdigest()


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
