"""What the tests of the billing desk start from: prices, bills, payments."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from django.utils import timezone

from patients.models import Invoice, Method, PriceItem
from patients.services import invoices, payments, prices, refunds
from tests.patients import cast

REASON = "Paid twice by mistake"


def price(code="CONS", amount="120.50", currency="CNY", **fields) -> PriceItem:
    """Add a price that is in force."""
    return prices.add(
        code=code,
        name=fields.pop("name", f"Service {code}"),
        name_zh=fields.pop("name_zh", f"服务{code}"),
        amount=Decimal(amount),
        currency=currency,
        valid_from=fields.pop("valid_from", timezone.localdate() - timedelta(days=30)),
        by=None,
        **fields,
    )


def draft(patient, clerk, *, of=None, quantity=2, currency="CNY", **fields) -> Invoice:
    """Write a draft of one line."""
    one = of or PriceItem.objects.filter(currency=currency, valid_until=None).first() or price()
    with cast.acting(clerk):
        return invoices.draft(
            patient_id=patient.pk,
            currency=currency,
            items=[invoices.Item(one.pk, quantity)],
            by=clerk,
            **fields,
        )


def bill(patient, clerk, *, due_on: date | None = None, **fields) -> Invoice:
    """Write and issue a bill; a day in the past is set behind everybody's back."""
    row = draft(patient, clerk, **fields)
    with cast.acting(clerk):
        row = invoices.issue(invoice_id=row.pk, version=row.version, by=clerk)
        if due_on is not None:
            row.due_on = due_on
            row.advance()
            row.save()
    return row


def pay(row, clerk, amount, method=Method.CARD, **fields):
    """Take a payment."""
    with cast.acting(clerk):
        return payments.take(
            invoice_id=row.pk,
            amount=Decimal(amount),
            method=method,
            received_on=fields.pop("received_on", timezone.localdate()),
            form_id=fields.pop("form_id", uuid4()),
            by=clerk,
            **fields,
        )


def refund(row, clerk, amount, method=Method.CARD, **fields):
    """Ask for a refund."""
    with cast.acting(clerk):
        return refunds.request(
            invoice_id=row.pk,
            amount=Decimal(amount),
            method=method,
            reason=fields.pop("reason", REASON),
            form_id=fields.pop("form_id", uuid4()),
            by=clerk,
        )


def again(row: Invoice) -> Invoice:
    """Read a bill again."""
    return Invoice.objects.get(pk=row.pk)
