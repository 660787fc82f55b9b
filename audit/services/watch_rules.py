"""How the rules of monitoring are set: a threshold, off, on again; each change is watched itself (R17)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import RuleSetting
from audit.queries.watch_rules import NEVER_OFF
from security import trail
from security.access.gate import Refused
from security.models import User
from security.monitoring import rules

MOST = 1_000_000


class NoSuchRule(Refused):
    """There is no rule of this key."""


class NoThreshold(Refused):
    """A threshold is a number above nothing."""


class AlwaysOn(Refused):
    """The rule that watches the rules stays as it is."""


@transaction.atomic
def change(*, key: str, is_on: bool, threshold: float | None, by: User) -> RuleSetting:
    """Set a rule; the trail keeps who set which one."""
    if key not in rules:
        raise NoSuchRule(_("There is no such rule."))
    if key in NEVER_OFF:
        raise AlwaysOn(_("This rule watches over the other rules and stays as it is."))
    if threshold is not None and not 0 < threshold <= MOST:
        raise NoThreshold(_("A threshold is a number above zero, and at most a million."))
    RuleSetting.objects.bulk_create([RuleSetting(key=key)], ignore_conflicts=True)
    row = RuleSetting.objects.select_for_update(of=("self",)).get(pk=key)
    was_on, row.is_on = row.is_on, is_on
    row.threshold = None if threshold == rules[key].threshold else threshold
    row.changed_at, row.changed_by = timezone.now(), by
    row.save()
    _tell(row, was_on=was_on, by=by)
    return row


def _tell(row: RuleSetting, *, was_on: bool, by: User) -> None:
    # With the state of the row: a rule that is switched off past the application is found.
    if was_on and not row.is_on:
        trail.record("audit.rule.switched_off", by=by, fields=[row.key], changed=[row])
    elif row.is_on and not was_on:
        trail.record("audit.rule.switched_on", by=by, fields=[row.key], changed=[row])
    else:
        trail.record("audit.rule.changed", by=by, fields=[row.key], changed=[row])
