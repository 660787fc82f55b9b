"""Bills: drafted from the price list, issued under a number without gap, cancelled by a credit note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients import currencies
from patients.models import Invoice, InvoiceIndex, InvoiceSeries, PriceItem, RecordVersion
from patients.services import versions
from security import trail
from security.access.gate import Refused
from security.models import User
from security.sealing import index

SERIES = {Invoice.Kind.INVOICE: "INV", Invoice.Kind.CREDIT_NOTE: "CRN"}
MOST_LINES = 50


class NotADraft(Refused):
    """An issued bill never changes."""


class NotIssued(Refused):
    """Only an issued bill can be cancelled or paid."""


class CannotBePriced(Refused):
    """A line has no price in force in the bill's currency."""


class NothingOnIt(Refused):
    """A bill without lines is none."""


class DueBefore(Refused):
    """A bill is due before it is written."""


class CancelledBefore(Refused):
    """A credit note cancelled the bill before."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is billed: a price of the list, and how often."""

    price_id: UUID
    quantity: int


@transaction.atomic
def draft(
    *,
    patient_id: UUID,
    currency: str,
    items: Sequence[Item],
    due_on: date | None = None,
    payer: str = "",
    by: User | None,
) -> Invoice:
    """Write a bill that has no number yet."""
    lines = lines_of(items, currency, timezone.localdate())
    row = Invoice(
        patient_id=patient_id,
        currency=currency,
        due_on=due_on,
        payer=payer,
        lines=lines,
        total=total_of(lines, currency),
        created_by=by,
    )
    row.save(force_insert=True)
    index.rebuild([row], InvoiceIndex)
    _tell("patients.invoice.drafted", row, by=by, changed=[row])
    return row


@transaction.atomic
def revise(*, invoice_id: UUID, version: int, changes: Mapping[str, Any], by: User) -> Invoice:
    """Change a draft (currency, due_on, payer, items); raise Conflict when somebody else was first."""
    row: Invoice = versions.locked(Invoice, invoice_id, version=version)
    if row.is_issued:
        raise NotADraft(_("This invoice was issued. An issued invoice never changes."))
    currency = changes["currency"]
    lines = lines_of(changes["items"], currency, timezone.localdate())
    row = versions.correct(
        model=Invoice,
        row_id=invoice_id,
        version=version,
        changes={
            "currency": currency,
            "due_on": changes["due_on"],
            "payer": changes["payer"],
            "lines": lines,
            "total": total_of(lines, currency),
        },
        reason="",
        action="patients.invoice.revised",
        by=by,
    )
    index.rebuild([row], InvoiceIndex)
    return row


@transaction.atomic
def discard(*, invoice_id: UUID, version: int, by: User) -> None:
    """Throw a draft away; it never had a number."""
    row: Invoice = versions.locked(Invoice, invoice_id, version=version)
    if row.is_issued:
        raise NotADraft(_("This invoice was issued. An issued invoice never changes."))
    earlier = list(RecordVersion.objects.filter(label=row.seal_label, row_id=row.pk))
    _tell("patients.invoice.discarded", row, by=by, deleted=[row, *earlier])
    RecordVersion.objects.filter(pk__in=[one.pk for one in earlier]).delete()
    row.delete()


@transaction.atomic
def issue(*, invoice_id: UUID, version: int, by: User | None) -> Invoice:
    """Give a draft its number; from then on it never changes."""
    row: Invoice = versions.locked(Invoice, invoice_id, version=version)
    if row.is_issued:
        raise NotADraft(_("This invoice was issued before."))
    today = timezone.localdate()
    _check_prices(row, today)
    row.due_on = row.due_on or today + timedelta(days=settings.PAYMENT_DAYS)
    if row.due_on < today:
        raise DueBefore(_("The day on which it is due has passed. Choose another."))
    row.balance = row.total
    _number(row, today, by)
    row.advance()
    row.save()
    _tell("patients.invoice.issued", row, by=by, changed=[row])
    return row


@transaction.atomic
def cancel(*, invoice_id: UUID, reason: str, by: User) -> Invoice:
    """Cancel an issued bill by a credit note over all of it; return the note."""
    row = locked(invoice_id)
    if Invoice.objects.filter(cancels_id=row.pk).exists():
        raise CancelledBefore(_("A credit note cancelled this invoice before."))
    note = Invoice(
        patient_id=row.patient_id,
        kind=Invoice.Kind.CREDIT_NOTE,
        currency=row.currency,
        total=row.total,
        payer=row.payer,
        lines=row.lines,
        cancels=row,
        cancel_reason=reason,
        created_by=by,
    )
    today = timezone.localdate()
    note.due_on = today
    _number(note, today, by)
    note.save(force_insert=True)
    move(row, -row.total)
    _tell("patients.invoice.cancelled", note, by=by, changed=[note], reason=reason)
    return note


def locked(invoice_id: UUID) -> Invoice:
    """Lock an issued bill for what changes its balance; raise NotIssued for anything else."""
    row = Invoice.objects.select_for_update(of=("self",), no_key=True).get(pk=invoice_id)
    if not row.is_issued or row.kind != Invoice.Kind.INVOICE:
        raise NotIssued(_("Only an issued invoice can be paid, refunded or cancelled."))
    return row


def move(row: Invoice, amount: Decimal) -> None:
    """Move the balance of a locked bill; the bill itself stays as it was issued."""
    Invoice.objects.filter(pk=row.pk).update(balance=F("balance") + amount)
    row.balance += amount


def lines_of(items: Iterable[Item], currency: str, day: date) -> list[dict[str, Any]]:
    """Return the lines of a bill at the prices of a day; raise CannotBePriced or NothingOnIt."""
    wanted = [item for item in items if item.quantity > 0][:MOST_LINES]
    if not wanted:
        raise NothingOnIt(_("Choose at least one service."))
    prices = PriceItem.objects.valid_on(day).in_bulk([item.price_id for item in wanted])
    lines = []
    for item in wanted:
        price = prices.get(item.price_id)
        if price is None or price.currency != currency:
            raise CannotBePriced(
                _("One of the services has no price in this currency today. Choose it again.")
            )
        amount = currencies.round_to(price.amount * item.quantity, currency)
        lines.append(
            {
                "price": str(price.pk),
                "code": price.code,
                "name": price.name,
                "name_zh": price.name_zh,
                "quantity": item.quantity,
                "unit": currencies.plain(price.amount, currency),
                "amount": str(amount),
                "currency": currency,
            }
        )
    return lines


def total_of(lines: Iterable[Mapping[str, Any]], currency: str) -> Decimal:
    """Return what the lines come to; lines of another currency are never added."""
    return currencies.total(((Decimal(one["amount"]), one["currency"]) for one in lines), currency)


def _check_prices(row: Invoice, today: date) -> None:
    items = [Item(UUID(line["price"]), line["quantity"]) for line in row.lines or ()]
    now = lines_of(items, row.currency, today)
    if total_of(now, row.currency) != row.total:
        raise CannotBePriced(_("A price changed since the draft was written. Save it again."))


def _number(row: Invoice, today: date, by: User | None) -> None:
    series = SERIES[Invoice.Kind(row.kind)]
    InvoiceSeries.objects.get_or_create(series=series, year=today.year)
    # Whoever is next waits here for the end of this transaction: a number that is rolled back is given again.
    counter = InvoiceSeries.objects.select_for_update().get(series=series, year=today.year)
    counter.last += 1
    counter.save(update_fields=["last"])
    row.series, row.year, row.sequence = series, today.year, counter.last
    row.status, row.issued_on, row.issued_by = Invoice.Status.ISSUED, today, by


def _tell(action: str, row: Invoice, *, by: User | None, **more: Any) -> None:
    trail.record(action, subjects=[row.patient_id], obj=row, by=by, **more)
