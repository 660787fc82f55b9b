"""Cashing up: what a clerk counted against what the payments of the day come to."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients import currencies
from patients.models import CashUp
from patients.queries.tills import expected_of
from patients.services.payments import NotAnAmount, WrongDay
from security import trail
from security.access.gate import Refused
from security.models import User

# A till that was forgotten can be closed for this long.
LATEST = timedelta(days=7)


class ClosedBefore(Refused):
    """The till was closed for that day."""


class NeedsReason(Refused):
    """A difference without a reason."""


@transaction.atomic
def close(*, day: date, currency: str, counted: Decimal, reason: str = "", by: User) -> CashUp:
    """Close the own till of a day, once; a difference needs a reason."""
    if not currencies.is_exact(counted, currency):
        raise NotAnAmount(
            _("This is no amount of %(currency)s that can be counted.") % {"currency": currency}
        )
    today = timezone.localdate()
    if not today - LATEST <= day <= today:
        raise WrongDay(_("A till is closed on its day or within a week."))
    # Cash that is being taken at this moment is waited for, and none is taken after.
    User.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=by.pk)
    if CashUp.objects.filter(clerk=by, day=day, currency=currency).exists():
        raise ClosedBefore(_("This till was closed for that day."))
    expected = expected_of(by, day, currency)
    if counted != expected and not reason:
        raise NeedsReason(
            _("%(amount)s was expected. Count again, or say where the difference comes from.")
            % {"amount": currencies.text(expected, currency)}
        )
    row = CashUp(
        clerk=by, day=day, currency=currency, expected=expected, counted=counted, reason=reason
    )
    row.save(force_insert=True)
    trail.record("patients.cash_up.closed", obj=row, changed=[row], reason=reason, by=by)
    return row
