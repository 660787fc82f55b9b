"""Changing how long something is kept; every change says why, and what was shipped stays in the code."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import RetentionRule
from consent.queries import retention
from security import trail
from security.access.gate import Refused
from security.models import User

LOCK = 0x_CD_05_70_C5
FIELDS = ("months", "days", "minor_months", "article", "is_on")
# Longer than any law asks, and less than a slip of the finger.
MOST_MONTHS = 1200


class Changed(Refused):
    """Somebody else changed the rule meanwhile."""


class NoPeriod(Refused):
    """The period is none."""


@transaction.atomic
def change(*, key: str, version: int, reason: str, by: User, **values: Any) -> RetentionRule:
    """Set period, article and switch of a rule; raise Changed where it is not the one that was read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    row = retention.rule(key)
    if row.version != version:
        raise Changed(_("Somebody else changed this rule meanwhile. Read it again."))
    if not values["months"] + values["days"] > 0 or values["months"] > MOST_MONTHS:
        raise NoPeriod(_("A rule keeps for a day at least and for a hundred years at most."))
    for name in FIELDS:
        setattr(row, name, values[name])
    row.version, row.changed_at, row.changed_by = version + 1, timezone.now(), by
    row.save()
    trail.record(
        "consent.retention_rule.changed", changed=[row], obj=row, fields=[f"rule:{key}"],
        reason=reason, by=by,
    )  # fmt: skip
    return row
