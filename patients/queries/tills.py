"""What should lie in a till, and the tills that were closed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import formats

from patients import currencies
from patients.models import CashUp, Method, Payment, Refund
from patients.queries.colleagues import names_of
from security.models import User
from security.sealing import SealBroken

SHOWN = 30


def expected_of(clerk: User, day: date, currency: str) -> Decimal:
    """Return the cash that a clerk took on a day, less what went back from that till."""
    taken = Payment.objects.filter(taken_by=clerk, received_on=day, method=Method.CASH)
    returned = Refund.objects.filter(
        paid_by=clerk, paid_on=day, method=Method.CASH, status=Refund.Status.PAID
    )
    sums = [
        rows.filter(currency=currency).aggregate(all=Sum("amount"))["all"] or currencies.ZERO
        for rows in (taken, returned)
    ]
    return sums[0] - sums[1]


def open_currencies(clerk: User, day: date) -> list[dict[str, Any]]:
    """Return the currencies in which a clerk moved cash on a day, with what should be there."""
    moved = set(
        Payment.objects.filter(taken_by=clerk, received_on=day, method=Method.CASH)
        .values_list("currency", flat=True)
        .distinct()
    ) | set(
        Refund.objects.filter(
            paid_by=clerk, paid_on=day, method=Method.CASH, status=Refund.Status.PAID
        )
        .values_list("currency", flat=True)
        .distinct()
    )
    closed = set(CashUp.objects.filter(clerk=clerk, day=day).values_list("currency", flat=True))
    return [
        {"currency": one, "expected": currencies.text(expected_of(clerk, day, one), one)}
        for one in sorted(moved - closed)
    ]


def closed() -> list[dict[str, Any]]:
    """Return the tills that were closed last."""
    rows = list(CashUp.objects.order_by("-day", "-pk")[:SHOWN])
    names = names_of({row.clerk_id for row in rows})
    return [_row(row, names.get(row.clerk_id, "")) for row in rows]


def _row(row: CashUp, name: str) -> dict[str, Any]:
    difference = row.counted - row.expected
    try:
        reason = row.reason or ""
    except SealBroken:
        reason = "–"
    return {
        "day": formats.date_format(row.day, "DATE_FORMAT"),
        "clerk": name,
        "currency": row.currency,
        "expected": currencies.text(row.expected, row.currency),
        "counted": currencies.text(row.counted, row.currency),
        "difference": currencies.text(difference, row.currency) if difference else "",
        "reason": reason,
    }
