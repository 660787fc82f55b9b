"""The demo's billing desk: a price list, bills of the last months, payments, a refund that waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.utils import timezone

from crm.demo.chart import SYSTEM
from patients.models import Invoice, Method, PriceItem
from patients.services import invoices, payments, prices, refunds
from security import trail
from security.models import User

CURRENCY = "CNY"
# Code, English, Chinese, price in yuan.
SERVICES = (
    ("CONS-1", "Consultation", "门诊诊查费", "50.00"),
    ("CONS-2", "Specialist consultation", "专家门诊诊查费", "120.00"),
    ("FOLLOW", "Follow-up visit", "复诊诊查费", "30.00"),
    ("LAB-CBC", "Blood count", "血常规", "25.00"),
    ("LAB-BIO", "Blood chemistry panel", "生化全套", "180.00"),
    ("ECG", "Electrocardiogram", "心电图", "40.00"),
    ("US-ABD", "Ultrasound of the abdomen", "腹部超声", "160.00"),
    ("VACC", "Vaccination, administration", "疫苗接种服务费", "28.00"),
    ("DRESS", "Wound dressing", "伤口换药", "35.50"),
    ("REPORT", "Medical report for an insurer", "商业保险医学报告", "200.00"),
)
PAYERS = ("", "", "", "Pacific Employers Fund", "", "中国平安保险", "")


@dataclass(frozen=True, slots=True)
class Plan:
    """One bill of the demo: what is on it, how long ago, how much of it was paid and how."""

    services: Sequence[tuple[str, int]]
    days_ago: int
    share: str = "0"
    method: str = Method.CARD


PLANS = (
    Plan((("CONS-1", 1), ("LAB-CBC", 1)), 3),
    Plan((("CONS-2", 1), ("US-ABD", 1), ("LAB-BIO", 1)), 12, "0.5", Method.WECHAT),
    Plan((("FOLLOW", 1),), 20, "1", Method.ALIPAY),
    Plan((("CONS-1", 1), ("ECG", 1)), 44),
    Plan((("REPORT", 3),), 51, "1", Method.TRANSFER),
    Plan((("DRESS", 4),), 75),
    Plan((("CONS-2", 1), ("LAB-BIO", 2)), 83, "0.25", Method.CARD),
    Plan((("CONS-1", 2), ("VACC", 2)), 104),
    Plan((("US-ABD", 1),), 118, "1", Method.INSURANCE),
    Plan((("CONS-2", 2), ("LAB-BIO", 1)), 140),
    Plan((("REPORT", 4), ("LAB-BIO", 1)), 33, "1", Method.TRANSFER),
    Plan((("FOLLOW", 2), ("LAB-CBC", 2)), 5, "1", Method.CARD),
)
# The bill of which more is to go back than one person may decide.
RETURNED = 10


@transaction.atomic
def open_desk(patients: Mapping[str, UUID], *, clerk: User) -> None:
    """Fill the billing desk for the people who are there; the oldest bill has the lowest number."""
    listed = {code: _price(code, *rest) for code, *rest in SERVICES}
    keys = sorted(patients)
    plans = sorted(enumerate(PLANS), key=lambda pair: -pair[1].days_ago)
    for place, plan in plans:
        patient_id = patients[keys[place * 5 % len(keys)]]
        row = _bill(patient_id, plan, listed, PAYERS[place % len(PAYERS)], clerk)
        _pay(row, plan, clerk)
        if place == RETURNED:
            refunds.request(
                invoice_id=row.pk,
                amount=Decimal("600.00"),
                method=Method.TRANSFER,
                reason="Three reports were not needed after all. 三份报告不再需要。",
                form_id=uuid5(NAMESPACE_URL, f"{SYSTEM}/refund/{place}"),
                by=clerk,
            )
    items = [invoices.Item(listed["CONS-1"].pk, 1)]
    invoices.draft(patient_id=patients[keys[0]], currency=CURRENCY, items=items, by=clerk)


def _price(code: str, name: str, name_zh: str, amount: str) -> PriceItem:
    return prices.add(
        code=code,
        name=name,
        name_zh=name_zh,
        amount=Decimal(amount),
        currency=CURRENCY,
        valid_from=timezone.localdate() - timedelta(days=365),
        by=None,
    )


def _bill(
    patient_id: UUID, plan: Plan, listed: Mapping[str, PriceItem], payer: str, clerk: User
) -> Invoice:
    items = [invoices.Item(listed[code].pk, quantity) for code, quantity in plan.services]
    row = invoices.draft(
        patient_id=patient_id, currency=CURRENCY, items=items, payer=payer, by=clerk
    )
    row = invoices.issue(invoice_id=row.pk, version=row.version, by=clerk)
    # The desk issues today; the demo's year lies behind it.
    row.issued_on = timezone.localdate() - timedelta(days=plan.days_ago)
    row.due_on = row.issued_on + timedelta(days=30)
    row.advance()
    row.save()
    trail.record("patients.invoice.issued", subjects=[patient_id], obj=row, changed=[row])
    return row


def _pay(row: Invoice, plan: Plan, clerk: User) -> None:
    amount = (row.total * Decimal(plan.share)).quantize(Decimal("0.01"))
    if amount:
        payments.take(
            invoice_id=row.pk,
            amount=amount,
            method=plan.method,
            received_on=timezone.localdate() - timedelta(days=max(0, plan.days_ago - 9)),
            reference=f"DEMO-{row.sequence}",
            form_id=uuid5(NAMESPACE_URL, f"{SYSTEM}/payment/{row.sequence}"),
            by=clerk,
        )
