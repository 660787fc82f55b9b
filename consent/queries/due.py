"""Who is due: patients of whom a rule keeps something no longer; a dry run, nothing is erased by looking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import persons
from consent import periods
from consent.models import Erasure, ScopeOutcome
from consent.queries import holds, retention, retention_facts
from consent.queries.retention import Kept
from patients.models import Patient
from security.classification import Scope
from security.models import User

SCOPES: dict[str, Promise] = {
    Scope.RECORD: _("Health record"),
    Scope.RESTRICTED: _("Specially protected records"),
    Scope.BILLING: _("Billing and payments"),
    Scope.ENGAGEMENT: _("Messages and campaigns"),
    Scope.CONSENT: _("Consents and rights requests"),
}
# A page of people to look at; the next run takes the next ones.
MOST = 100
LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Due:
    """One patient and what of the record may go, by which rule since when."""

    patient_id: UUID
    scopes: dict[str, Kept]
    is_held: bool


def found(*, today: date | None = None, most: int = MOST) -> list[Due]:
    """Return who is due, those who were not seen for the longest time first."""
    day = today or timezone.localdate()
    applied = retention.applying()
    rows = _candidates(day, retention.shortest(applied))
    facts = retention_facts.of_patients(rows)
    stopped = holds.stopping(rows)
    due = []
    for one in rows:
        over = {
            scope: kept
            for scope, kept in retention.by_scope(facts[one], applied).items()
            if scope != Scope.CONSENT and kept.is_over(day)
        }
        if over:
            due.append(Due(one, over, one in stopped))
    return due[:most]


def _candidates(day: date, months: int) -> list[UUID]:
    # A coarse net: whoever was active within the shortest of all periods can not be due.
    outcomes = ScopeOutcome.objects.filter(patient_id=OuterRef("pk"), key_scope=Scope.RECORD)
    planned = Erasure.objects.under_way().filter(subject_id=OuterRef("pk"))
    rows = Patient._base_manager.filter(
        ~Exists(outcomes.filter(outcome=ScopeOutcome.Outcome.ERASED)),
        ~Exists(planned),
        merged_into__isnull=True,
        last_activity_at__date__lte=periods.later(day, -months),
    )
    return list(rows.order_by("last_activity_at", "pk").values_list("pk", flat=True)[:LOOKED_AT])


def page(reader: User) -> list[dict[str, Any]]:
    """Return who is due for the page, masked as the reader may see them."""
    rows = found()
    shown = persons.register().shown(reader, [one.patient_id for one in rows])
    return [
        {
            "patient_id": one.patient_id,
            "name": shown[one.patient_id].name if one.patient_id in shown else "",
            "pseudonym": persons.pseudonym(one.patient_id),
            "scopes": [
                {"label": SCOPES[scope], "kept": kept} for scope, kept in one.scopes.items()
            ],
            "is_held": one.is_held,
        }
        for one in rows
    ]
