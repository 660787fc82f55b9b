"""Money that comes in for an invoice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients import currencies
from patients.models import CashUp, Method, Payment
from patients.services import invoices
from security import trail
from security.access.gate import Refused
from security.models import User


class NotAnAmount(Refused):
    """The currency has no such amount."""


class MoreThanOwed(Refused):
    """More is paid than is owed."""


class SentBefore(Refused):
    """The same form came twice."""


class TillIsClosed(Refused):
    """The clerk cashed up, so no cash moves on that day any more."""


class WrongDay(Refused):
    """Cash is taken today; nothing is taken tomorrow."""


@transaction.atomic
def take(
    *,
    invoice_id: UUID,
    amount: Decimal,
    method: str,
    received_on: date,
    reference: str = "",
    form_id: UUID,
    by: User,
) -> Payment:
    """Take money for an issued bill, at most what is still owed."""
    row = invoices.locked(invoice_id)
    check_amount(amount, row.currency)
    if Payment.objects.filter(form_id=form_id).exists():
        raise SentBefore(_("This payment was recorded before."))
    if amount > row.balance:
        raise MoreThanOwed(
            _("Only %(amount)s is still owed.")
            % {"amount": currencies.text(max(row.balance, currencies.ZERO), row.currency)}
        )
    today = timezone.localdate()
    if received_on > today or (method == Method.CASH and received_on != today):
        raise WrongDay(_("Cash is recorded on the day it is taken, nothing in advance."))
    if method == Method.CASH:
        check_till(by, today, row.currency)
    payment = Payment(
        patient_id=row.patient_id,
        invoice=row,
        amount=amount,
        currency=row.currency,
        method=method,
        received_on=received_on,
        reference=reference,
        form_id=form_id,
        taken_by=by,
    )
    payment.save(force_insert=True)
    invoices.move(row, -amount)
    trail.record(
        "patients.payment.taken", subjects=[row.patient_id], obj=row, changed=[payment], by=by
    )
    return payment


def check_amount(amount: Decimal, currency: str) -> None:
    """Refuse what cannot be paid: nothing, too much, or digits that the currency lacks."""
    if not currencies.is_exact(amount, currency) or not amount:
        raise NotAnAmount(
            _("This is no amount of %(currency)s that can be paid.") % {"currency": currency}
        )


def check_till(clerk: User, day: date, currency: str) -> None:
    """Refuse cash after the clerk's cash-up; whoever cashes up meanwhile waits for this transaction."""
    User.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=clerk.pk)
    if CashUp.objects.filter(clerk=clerk, day=day, currency=currency).exists():
        raise TillIsClosed(_("You cashed up for this day. Cash waits until tomorrow."))
