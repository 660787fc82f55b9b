"""Rules of the decision about what was erased, and what is only stored until the law lets it go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consent.models import ScopeOutcome
from consent.queries.erasure_plans import CATEGORIES
from security.access.permissions import Permission
from security.access.registry import Refusal, restriction
from security.classification import Category, Scope
from security.models import User

Outcome = ScopeOutcome.Outcome
# What stays open: proof of consent, the rights desk, the trail.
OPEN = {Category.RIGHTS, Category.TRAIL, Category.CONSENT}


def _closing(permission: Permission, now: datetime) -> Q:
    category = permission.category
    scopes = [scope for scope, categories in CATEGORIES.items() if category in categories]
    in_force = Q(restriction__ends_at=None) | Q(restriction__ends_at__gt=now)
    stored = Q(outcome=Outcome.STORED, key_scope__in=scopes, restriction__isnull=False) & in_force
    if category in OPEN:
        return stored
    # Who is erased is nobody: nothing of the person is left for anything.
    return stored | Q(outcome=Outcome.ERASED, key_scope=Scope.RECORD)


def _left_out(actor: Any, permission: Permission, now: datetime) -> Q:
    rows = ScopeOutcome.objects.filter(_closing(permission, now), patient_id=OuterRef("pk"))
    return ~Q(Exists(rows))


@restriction("erasure", narrow=_left_out)
def erasure(
    actor: Any, permission: Permission, patients: Sequence[UUID], purpose: str, now: datetime
) -> Mapping[UUID, Refusal]:
    """Refuse what was erased, and what is stored only (PIPL 47(2), GDPR 18), and say why."""
    rows = ScopeOutcome.objects.filter(_closing(permission, now), patient_id__in=patients)
    # Erased last, so that of several it is what is told.
    found = list(rows.order_by("-outcome"))
    handles = _handles(found)
    return {
        row.patient_id: Refusal(_sentence(row, handles))
        for row in found
        if row.patient_id is not None
    }


def _handles(rows: Sequence[ScopeOutcome]) -> Mapping[UUID, str]:
    """Return the handles of those who agreed; names stay sealed while a decision is made."""
    ids = {one for row in rows for one in row.approved_by}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "handle")) if ids else {}


def _sentence(row: ScopeOutcome, handles: Mapping[UUID, str]) -> str:
    said = {
        "day": date_format(row.decided_at), "number": row.number, "law": row.article,
        "until": date_format(row.until_on) if row.until_on else "",
        "who": ", ".join(handles[one] for one in row.approved_by if one in handles),
    }  # fmt: skip
    if row.outcome == Outcome.ERASED:
        words = _("This record was erased on %(day)s by %(who)s (certificate %(number)s).")
        return words % said
    return (
        _("Stored only until %(until)s, because the law wants it kept: %(law)s (%(number)s).")
        % said
    )
