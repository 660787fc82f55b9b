"""Cases as pages show them: the open and the closed ones, and one with its patients."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from audit import persons
from audit.models import Case
from audit.queries.reviews import manages
from security.models import User
from security.pages import Place, descending
from security.people import called
from security.sealing import SealBroken

PAGE = 25
PEOPLE = ("assigned_to", "opened_by", "closed_by")


def page(user: User, *, is_closed: bool = False, after: str = "") -> dict[str, Any]:
    """Return one page of cases, the newest first; without those on the reader's own doing."""
    rows = Case.objects.not_about(user.pk).filter(closed_at__isnull=not is_closed)
    rows = rows.select_related(*PEOPLE).prefetch_related("named")
    found = list(descending(rows, "opened_at", Place.read(after))[: PAGE + 1])
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    return {
        "rows": [_row(case, user) for case in shown],
        "next": Place(last.opened_at, last.pk).text() if last else "",
        "is_closed": is_closed,
    }


def _row(case: Case, user: User) -> dict[str, Any]:
    try:
        question, outcome = case.question, case.outcome
    except SealBroken:
        question = outcome = None
    return {
        "id": case.pk,
        "version": case.version,
        "number": case.number,
        "kind": case.get_kind_display(),
        "question": question,
        "outcome": outcome,
        "assigned": called(case.assigned_to),
        "is_mine": case.assigned_to_id == user.pk,
        "opened_at": case.opened_at,
        "opened_by": called(case.opened_by),
        "closed_at": case.closed_at,
        "closed_by": called(case.closed_by),
        "patients": len(case.named.all()),
    }


def find(user: User, case_id: UUID) -> Case:
    """Return a case that is not about the reader's own doing; raise Case.DoesNotExist."""
    rows = Case.objects.not_about(user.pk).select_related(*PEOPLE, "review", "alert")
    case: Case = rows.prefetch_related("named__restricted_by").get(pk=case_id)
    return case


def in_full(user: User, case: Case) -> dict[str, Any]:
    """Return one case with the patients it names, as this reader may see them now."""
    second = user.pk not in {case.assigned_to_id, case.opened_by_id} and manages(user)
    named = {row.subject_id: row for row in case.named.all()}
    heirs = persons.register().heirs(list(named))
    # A record that was merged is followed; what was agreed to about it alone does not go along.
    places = {heirs.get(one, one): named.get(heirs.get(one, one)) for one in named}
    seen = persons.register().shown(user, list(places))
    return _row(case, user) | {
        "review_id": case.review_id,
        "alert_id": case.alert_id,
        "named": [
            {
                "id": one,
                "pseudonym": persons.pseudonym(one),
                "shown": seen.get(one),
                "asked_at": row.restricted_asked_at if row else None,
                "agreed_at": row.restricted_at if row else None,
                "agreed_by": called(row.restricted_by) if row else "",
            }
            for one, row in places.items()
        ],
        "may_agree": second,
        "may_manage": manages(user),
    }
