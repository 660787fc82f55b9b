"""Money that goes back: at once below the limit, beyond it after a second person approved it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients import currencies
from patients.models import Invoice, Method, Patient, Payment, Refund
from patients.services import invoices
from patients.services.payments import SentBefore, check_amount, check_till
from security import trail
from security.access.gate import Refused
from security.models import User

Status = Refund.Status
DAY = timedelta(days=1)


class MoreThanPaid(Refused):
    """More would go back than came in."""


class OwnRequest(Refused):
    """Nobody decides about the own request."""


class DecidedBefore(Refused):
    """The request was decided before."""


@transaction.atomic
def request(
    *, invoice_id: UUID, amount: Decimal, method: str, reason: str, form_id: UUID, by: User
) -> Refund:
    """Pay back at once what stays within the limit; beyond it, ask a second person."""
    row = invoices.locked(invoice_id)
    # Two refunds of one patient at the same moment must see one another when they are added up.
    Patient.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=row.patient_id)
    check_amount(amount, row.currency)
    if Refund.objects.filter(form_id=form_id).exists():
        raise SentBefore(_("This refund was recorded before."))
    _check_paid(row, amount + _sum(Refund.objects.filter(invoice=row, status=Status.REQUESTED)))
    refund = Refund(
        patient_id=row.patient_id,
        invoice=row,
        amount=amount,
        currency=row.currency,
        method=method,
        status=Status.REQUESTED,
        reason=reason,
        form_id=form_id,
        requested_by=by,
    )
    if needs_second_person(row, amount):
        refund.save(force_insert=True)
        _tell("patients.refund.requested", refund, by=by, reason=reason)
    else:
        _pay(refund, row, by)
        refund.save(force_insert=True)
        _tell("patients.refund.paid", refund, by=by, reason=reason)
    return refund


@transaction.atomic
def approve(*, refund_id: UUID, by: User) -> Refund:
    """Approve somebody else's request and pay it back."""
    refund, row = _undecided(refund_id, by)
    _check_paid(row, refund.amount)
    _pay(refund, row, by)
    _decide(refund, by)
    _tell("patients.refund.approved", refund, by=by)
    return refund


@transaction.atomic
def refuse(*, refund_id: UUID, reason: str, by: User) -> Refund:
    """Refuse somebody else's request; nothing goes back."""
    refund, _row = _undecided(refund_id, by)
    refund.status, refund.decision_reason = Status.REFUSED, reason
    _decide(refund, by)
    _tell("patients.refund.refused", refund, by=by, reason=reason)
    return refund


def needs_second_person(row: Invoice, amount: Decimal) -> bool:
    """Tell whether a refund passes the limit, together with what went back before.

    What was split over a day or over one bill counts as one. The limit is an amount of the clinic's own
    currency; a refund in another one always needs two people, as nobody converts it.
    """
    if row.currency != settings.CURRENCY:
        return True
    recent = Q(patient_id=row.patient_id, requested_at__gte=timezone.now() - DAY)
    before = Refund.objects.filter(Q(invoice=row) | recent, currency=row.currency)
    return amount + _sum(before.exclude(status=Status.REFUSED)) > settings.REFUND_LIMIT


def returnable(row: Invoice) -> Decimal:
    """Return how much of what was paid for a bill could still go back or be asked for."""
    taken = _sum(Payment.objects.filter(invoice=row))
    return taken - _sum(Refund.objects.filter(invoice=row).exclude(status=Status.REFUSED))


def _check_paid(row: Invoice, amount: Decimal) -> None:
    taken = _sum(Payment.objects.filter(invoice=row))
    left = taken - _sum(Refund.objects.filter(invoice=row, status=Status.PAID))
    if amount > left:
        raise MoreThanPaid(
            _("Only %(amount)s was paid and can go back.")
            % {"amount": currencies.text(left, row.currency)}
        )


def _sum(rows: object) -> Decimal:
    found = rows.aggregate(all=Sum("amount"))["all"]  # type: ignore[attr-defined]
    return found or currencies.ZERO


def _pay(refund: Refund, row: Invoice, by: User) -> None:
    today = timezone.localdate()
    if refund.method == Method.CASH:
        check_till(by, today, refund.currency)
    refund.status, refund.paid_on, refund.paid_by = Status.PAID, today, by
    invoices.move(row, refund.amount)


def _undecided(refund_id: UUID, by: User) -> tuple[Refund, Invoice]:
    # The bill first, as everywhere: two deeds never wait for one another.
    row = invoices.locked(Refund.objects.values_list("invoice_id", flat=True).get(pk=refund_id))
    refund = Refund.objects.select_for_update(of=("self",), no_key=True).get(pk=refund_id)
    if refund.status != Status.REQUESTED:
        raise DecidedBefore(_("This request was decided before."))
    if refund.requested_by_id == by.pk:
        raise OwnRequest(_("You asked for this refund, so somebody else must decide."))
    return refund, row


def _decide(refund: Refund, by: User) -> None:
    refund.decided_by, refund.decided_at = by, timezone.now()
    refund.advance()
    refund.save()


def _tell(action: str, refund: Refund, *, by: User, reason: str = "") -> None:
    trail.record(
        action, subjects=[refund.patient_id], obj=refund, changed=[refund], reason=reason, by=by
    )
