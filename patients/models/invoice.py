"""Bills that the clinic writes itself, and the numbers they bear."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models.money import AmountField
from patients.models.patient import Patient
from patients.names import one_text
from security.ids import new_id
from security.models import User
from security.sealing import (
    Category,
    EnvelopeField,
    Index,
    Plain,
    Scope,
    SealedJSON,
    SealedModel,
    SealedQuerySet,
    SealedText,
)
from security.sealing.index import SearchIndex


class InvoiceQuerySet(SealedQuerySet["Invoice"]):
    """Queries for invoices."""

    def issued(self) -> Self:
        """Keep the bills that were issued; credit notes and drafts are none."""
        return self.filter(kind=Invoice.Kind.INVOICE, status=Invoice.Status.ISSUED)

    def open(self) -> Self:
        """Keep the bills of which something is still owed."""
        return self.issued().filter(balance__gt=0)


class Invoice(SealedModel):
    """A bill to a patient or who pays for one; once issued it never changes, a credit note cancels it."""

    class Kind(models.TextChoices):
        """A bill, or the note that cancels one."""

        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    class Status(models.TextChoices):
        """A draft has no number; what is issued has one for ever."""

        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Issued")

    category, scope, seal_label = Category.BILLING, Scope.BILLING, "patients.invoice"
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=11, choices=Kind.choices, default=Kind.INVOICE)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.DRAFT)
    series = models.CharField(max_length=4, default="")
    year = models.PositiveSmallIntegerField(null=True)
    sequence = models.PositiveIntegerField(null=True)
    currency = models.CharField(max_length=3)
    total = AmountField(default=0)
    # What is still owed, reckoned by the deeds that take, return or cancel; less than nothing is a credit.
    balance = AmountField(default=0)
    issued_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    cancels = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="cancelled_by"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    sealed_card = EnvelopeField("card")
    # Who pays, where it is not the patient: a parent, an employer, an insurer.
    payer = SealedText(
        level=4,
        purpose="billing",
        card=True,
        category=Category.DEMOGRAPHICS,
        index=[Index("name", one_text)],
    )
    # What was done, in the words of the price list: that tells of an illness as a diagnosis does.
    lines = SealedJSON(level=4, purpose="billing", category=Category.BILL_DIAGNOSIS)
    cancel_reason = SealedText(level=4, purpose="billing")

    objects = InvoiceQuerySet.as_manager()  # type: ignore[misc]  # as much a ClassVar as the base's

    class Meta:
        verbose_name, verbose_name_plural = _("invoice"), _("invoices")
        constraints = (
            models.UniqueConstraint(
                fields=["series", "year", "sequence"], name="patients_invoice_one_number"
            ),
            models.CheckConstraint(
                condition=Q(status="draft", sequence=None, issued_on=None)
                | Q(
                    status="issued",
                    sequence__isnull=False,
                    year__isnull=False,
                    issued_on__isnull=False,
                ),
                name="patients_invoice_numbered_when_issued",
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", cancels=None)
                | Q(kind="credit_note", cancels__isnull=False),
                name="patients_invoice_credit_cancels",
            ),
        )
        indexes = (
            models.Index(fields=["patient", "-created_at"], name="patients_invoice_patient"),
            models.Index(
                fields=["due_on", "id"],
                condition=Q(kind="invoice", status="issued", balance__gt=0),
                name="patients_invoice_open",
            ),
            models.Index(fields=["issued_on", "id"], name="patients_invoice_issued"),
        )

    class Privacy:
        # Amounts, dates and numbers of bills without a name are level 3 (GB/T 39725): they are filtered,
        # added up and sorted in the database. Names, services and reasons are sealed.
        plain = {
            name: Plain(level=3, purpose="billing")
            for name in (
                "patient", "kind", "status", "series", "year", "sequence", "currency", "total",
                "balance", "issued_on", "due_on", "cancels", "created_at", "created_by", "issued_by",
            )
        }  # fmt: skip
        operational = ("balance",)

    @property
    def number(self) -> str:
        """Return the number as it stands on paper; nothing for a draft."""
        return f"{self.series}-{self.year}-{self.sequence:06d}" if self.sequence else ""

    @property
    def is_issued(self) -> bool:
        """Tell whether the bill has its number and never changes again."""
        return self.status == self.Status.ISSUED

    def days_late(self, today: date) -> int:
        """Return for how many days the bill is due; none before its day."""
        return max(0, (today - self.due_on).days) if self.due_on else 0


class InvoiceIndex(SearchIndex):
    """Blind index of invoices: the name of who pays, as tokens."""

    row = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="index_rows")


class InvoiceSeries(models.Model):
    """The last number given in a series and year; its row is the lock that leaves no gap."""

    series = models.CharField(max_length=4)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["series", "year"], name="patients_invoiceseries_once"),
        )

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="billing") for name in ("id", "series", "year", "last")
        }

    def __str__(self) -> str:
        """Name the series and its year."""
        return f"{self.series} {self.year}"


class AmountOfInvoice(SealedModel):
    """Money that belongs to an invoice, in the invoice's currency."""

    category, scope = Category.BILLING, Scope.BILLING
    subject_field = "patient_id"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="%(class)ss")
    amount = AmountField()
    currency = models.CharField(max_length=3)
    # Made with the page that asks for it: the same form sent twice is one payment.
    form_id = models.UUIDField(unique=True, default=new_id)

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="%(app_label)s_%(class)s_more_than_nothing"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="billing")
            for name in ("patient", "invoice", "amount", "currency", "form_id")
        }


class Method(models.TextChoices):
    """How money changes hands."""

    CASH = "cash", _("Cash")
    CARD = "card", _("Card")
    TRANSFER = "transfer", _("Bank transfer")
    WECHAT = "wechat", _("WeChat Pay")
    ALIPAY = "alipay", _("Alipay")
    INSURANCE = "insurance", _("Paid by the insurance")


class Payment(AmountOfInvoice):
    """Money that came in for an invoice; never changed, a refund returns it."""

    seal_label = "patients.payment"

    method = models.CharField(max_length=9, choices=Method.choices)
    received_on = models.DateField()
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(default=timezone.now)

    # The number of a slip or of a transfer.
    reference = SealedText(level=4, purpose="billing")

    class Meta(AmountOfInvoice.Meta):
        indexes = (
            models.Index(fields=["taken_by", "received_on"], name="patients_payment_till"),
            models.Index(fields=["received_on"], name="patients_payment_day"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="billing")
            for name in ("method", "received_on", "taken_by", "taken_at")
        }


class Refund(AmountOfInvoice):
    """Money that goes back; beyond the limit only after a second person approved it."""

    class Status(models.TextChoices):
        """Money left the till only in the last state."""

        REQUESTED = "requested", _("Waits for approval")
        REFUSED = "refused", _("Refused")
        PAID = "paid", _("Paid back")

    seal_label = "patients.refund"

    method = models.CharField(max_length=9, choices=Method.choices)
    status = models.CharField(max_length=9, choices=Status.choices)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    # The day on which it was paid back, and by whose till.
    paid_on = models.DateField(null=True)
    paid_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    reason = SealedText(level=4, purpose="billing")
    decision_reason = SealedText(level=4, purpose="billing")

    class Meta(AmountOfInvoice.Meta):
        constraints = (
            *AmountOfInvoice.Meta.constraints,
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="patients_refund_two_people",
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_on__isnull=False, paid_by__isnull=False)
                | (~Q(status="paid") & Q(paid_on=None, paid_by=None)),
                name="patients_refund_paid_by_somebody",
            ),
        )
        indexes = (
            models.Index(fields=["status", "requested_at"], name="patients_refund_queue"),
            models.Index(fields=["paid_by", "paid_on"], name="patients_refund_till"),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="billing")
            for name in (
                "method", "status", "requested_by", "requested_at", "decided_by", "decided_at",
                "paid_on", "paid_by",
            )
        }  # fmt: skip
