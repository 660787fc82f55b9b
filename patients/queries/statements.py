"""A statement of account: what one patient was billed, what came in, and what is still owed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils import formats, timezone
from django.utils.translation import get_language, gettext

from patients import currencies, names
from patients.models import Invoice, Patient, Payment, Refund
from patients.queries import prices
from patients.queries.colleagues import unit_name
from security.models import Unit

# More does not fit a letter; older bills that are settled are not on it.
MOST = 200
Shown = dict[str, Any]


class TooLong(Exception):
    """More open bills than a statement holds."""


def of(patient: Patient, *, clinic: str) -> Shown:
    """Return the content of a statement in the language in force; every bill with its lines."""
    open_ones = Invoice.objects.filter(patient_id=patient.pk).open().order_by("issued_on", "pk")
    found = list(open_ones[: MOST + 1])
    if len(found) > MOST:
        raise TooLong(MOST)
    today = timezone.localdate()
    paid, returned = _sums(Payment, found), _sums(Refund, found, status=Refund.Status.PAID)
    number = patient.record_number or ""
    is_chinese = (get_language() or "").startswith("zh")
    return {
        "language": "zh" if is_chinese else "en",
        "region": "cn" if is_chinese else "gb",
        "clinic": clinic,
        "title": gettext("Statement of account"),
        "to": names.display(patient.names) or gettext("Name unknown"),
        "about": [
            [gettext("Record number"), number],
            [gettext("Date"), formats.date_format(today, "DATE_FORMAT")],
        ],
        "none": gettext("Nothing is owed."),
        "heads": [
            gettext("Service"), gettext("Quantity"), gettext("Price"), gettext("Amount"),
        ],
        "bills": [
            _bill(one, paid.get(one.pk, currencies.ZERO), returned.get(one.pk, currencies.ZERO))
            for one in found
        ],
        "owed_label": gettext("Owed in all"),
        "owed": _owed(found),
        "foot": gettext("Please give the number of the invoice when you pay."),
    }  # fmt: skip


def _bill(one: Invoice, paid: Decimal, returned: Decimal) -> Shown:
    late = one.days_late(timezone.localdate())
    amounts = [[gettext("Total"), _text(one.total, one)]]
    if paid:
        amounts.append([gettext("Paid"), _text(-paid, one)])
    if returned:
        amounts.append([gettext("Paid back"), _text(returned, one)])
    amounts.append([gettext("Still owed"), _text(one.balance, one)])
    issued, due = (
        formats.date_format(day, "DATE_FORMAT") if day else ""
        for day in (one.issued_on, one.due_on)
    )
    return {
        "number": one.number,
        "payer": gettext("Billed to %(name)s") % {"name": one.payer} if one.payer else "",
        "dates": gettext("Issued on %(issued)s, due on %(due)s") % {"issued": issued, "due": due},
        "late": gettext("Overdue") if late else "",
        "lines": [
            [
                prices.in_words(line["name"], line["name_zh"]),
                str(line["quantity"]),
                currencies.text(Decimal(line["unit"]), one.currency),
                currencies.text(Decimal(line["amount"]), one.currency),
            ]
            for line in one.lines or ()
        ],
        "amounts": amounts,
    }


def _text(amount: Decimal, one: Invoice) -> str:
    return f"{currencies.text(amount, one.currency)} {one.currency}"


def _owed(found: list[Invoice]) -> list[str]:
    sums: dict[str, Decimal] = {}
    for one in found:
        sums[one.currency] = sums.get(one.currency, currencies.ZERO) + one.balance
    return [f"{currencies.text(sums[code], code)} {code}" for code in sorted(sums)]


def _sums(model: type[Payment] | type[Refund], found: list[Invoice], **only: Any) -> dict[Any, Any]:
    rows = model.objects.filter(invoice__in=[one.pk for one in found], **only)
    return dict(rows.order_by().values_list("invoice").annotate(sum=Sum("amount")))


def clinic_name() -> str:
    """Return how the clinic is called on paper: the name of its topmost unit."""
    return unit_name(Unit.objects.filter(parent=None).order_by("pk").first())
