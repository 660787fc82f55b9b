"""Access requests and referrals: what waits for one's answer, and what came of what one asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, QuerySet, Value, When
from django.urls import reverse

from patients.models import AccessRequest, CareRelationship, Referral, StaffLink
from patients.models.request import Asked
from patients.queries import emergency, excerpts
from security import context
from security.access.decision import decide_many
from security.access.permissions import Permission
from security.models import User
from security.people import called
from security.sealing import SealBroken

MOST = 50
Source = CareRelationship.Source
OPEN, EXPIRED = Asked.State.OPEN, Asked.State.EXPIRED
OPEN_FIRST = Case(When(state=OPEN, then=Value(0)), default=Value(1))


def answers_for(user: User, patient_id: UUID) -> bool:
    """Tell whether a person answers for a patient: responsible, or of the team where nobody is."""
    here = _carers(patient_id)
    own = here.filter(user_id=user.pk)
    if own.filter(source=Source.RESPONSIBLE).exists():
        return True
    is_anybody = here.filter(source=Source.RESPONSIBLE).exists()
    return not is_anybody and own.filter(source=Source.TEAM).exists()


def _carers(patient_id: Any) -> QuerySet[CareRelationship]:
    """Return who cares for a patient, without those who must stay out of the record since."""
    kept_out = StaffLink.objects.in_force().filter(
        user_id=OuterRef("user_id"), patient_id=OuterRef("patient_id")
    )
    found: QuerySet[CareRelationship] = CareRelationship.objects.in_force().filter(
        ~Exists(kept_out), patient_id=patient_id
    )
    return found


def _answered_by(user: User) -> QuerySet[AccessRequest]:
    here = _carers(OuterRef("patient_id"))
    own = here.filter(user_id=user.pk)
    responsible = Exists(own.filter(source=Source.RESPONSIBLE))
    team = Exists(own.filter(source=Source.TEAM))
    nobody = ~Exists(here.filter(source=Source.RESPONSIBLE))
    found: QuerySet[AccessRequest] = AccessRequest.objects.filter(state=OPEN).exclude(
        asked_by_id=user.pk
    )
    return found.filter(responsible | (team & nobody))


def page(user: User) -> dict[str, Any]:
    """Return what waits for a person and what became of the own requests; all from few queries."""
    to_me = Referral.objects.filter(asked_of=user).exclude(state=Asked.State.WITHDRAWN)
    from_me = Referral.objects.filter(asked_by=user)
    # Without an answer nothing is shown: a request about nobody would be missed here.
    mine = AccessRequest.objects.filter(asked_by=user).exclude(state__in=(OPEN, EXPIRED))
    return {
        "waiting": [_request(row) for row in _rows(_answered_by(user))],
        "answered": [_mine(row) for row in _rows(mine)],
        "to_me": _referrals(user, _rows(to_me)),
        "from_me": _referrals(user, _rows(from_me)),
    }


def waiting_count(user: User) -> int:
    """Return how many requests and referrals wait for a person's answer."""
    referred = Referral.objects.filter(asked_of=user, state=OPEN)
    return _answered_by(user).count() + referred.count()


def _rows(rows: QuerySet[Any]) -> list[Any]:
    people = ["patient", "asked_by", "relationship"]
    people += ["asked_of"] if rows.model is Referral else []
    return list(rows.select_related(*people).order_by(OPEN_FIRST, "-asked_at", "-pk")[:MOST])


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "who": called(row.asked_by),
        "at": row.asked_at,
        "days": row.days,
        "state": row.get_state_display(),
        "is_open": row.state == OPEN,
        "is_accepted": row.state == Asked.State.ACCEPTED,
        "until": row.relationship.ends_at if row.relationship else None,
        "url": reverse("patients:patient", args=[row.patient_id]),
    }


def _request(row: AccessRequest) -> dict[str, Any]:
    return _shown(row) | _text(row, "reason") | {"patient": emergency.stub(row.patient)}


def _mine(row: AccessRequest) -> dict[str, Any]:
    return _shown(row) | _text(row, "reason") | _text(row, "answer")


def _referrals(user: User, rows: list[Referral]) -> list[dict[str, Any]]:
    """Return referrals; what they say of the record stands there while they wait, or the record is open."""
    ids, purpose = {row.patient_id for row in rows}, context.current().purpose
    read = decide_many(user, Permission.CLINICAL_READ, ids, purpose)
    asked = decide_many(user, Permission.CLINICAL_REQUEST, ids, purpose)
    return [
        _referral(
            row,
            is_open=read[row.patient_id].allowed
            or (row.state == OPEN and row.asked_of_id == user.pk and asked[row.patient_id].allowed),
        )
        for row in rows
    ]


def _referral(row: Referral, *, is_open: bool) -> dict[str, Any]:
    shown = _shown(row) | _text(row, "answer")
    shown |= {"whom": called(row.asked_of), "patient": emergency.stub(row.patient)}
    if not is_open:
        return shown | {"question": "", "excerpt": []}
    shown |= _text(row, "question")
    try:
        return shown | {"excerpt": excerpts.shown(row.excerpt)}
    except SealBroken:
        return shown | {"excerpt": []}


def _text(row: Any, name: str) -> dict[str, str | None]:
    try:
        return {name: getattr(row, name)}
    except SealBroken:
        return {name: None}
