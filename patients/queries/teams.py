"""Care teams and their members, and whose patients somebody may hand over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import get_language

from patients.models import CareRelationship, Patient, TeamAssignment
from patients.queries import colleagues, pages, people
from patients.queries.colleagues import unit_name
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.classification import Category
from security.models import Membership, Unit, User
from security.people import called

MOST = 200
CLINICIAN, TEAM = "clinician", "team"


def all_teams(user: User, *, manages: bool) -> list[dict[str, Any]]:
    """Return the care teams and who belongs to them; the own ones to whoever does not manage them."""
    here = Membership.objects.in_force().select_related("user").order_by("starts_at", "pk")
    teams = Unit.objects.filter(kind=Unit.Kind.TEAM, is_active=True)
    if not manages:
        own = Membership.objects.in_force().filter(user=user, unit_id=OuterRef("pk"))
        teams = teams.filter(Exists(own))
    listed = teams.prefetch_related(Prefetch("memberships", here, to_attr="members_now"))
    return [_team(team) for team in listed.order_by(_by_name(), "pk")]


def _by_name() -> str:
    return "name_zh" if (get_language() or "").startswith("zh") else "name"


def _team(team: Any) -> dict[str, Any]:
    members = [
        {"id": one.pk, "name": called(one.user), "since": one.starts_at, "until": one.ends_at}
        for one in team.members_now
    ]
    return {"id": team.pk, "name": unit_name(team), "members": members}


@dataclass(frozen=True, slots=True)
class Giver:
    """From whom patients are handed over: a clinician or a care team."""

    kind: str
    id: UUID

    @property
    def text(self) -> str:
        """Return the giver as an address names it."""
        return f"{self.kind}.{self.id}"

    @classmethod
    def read(cls, text: str) -> Giver | None:
        """Return the giver that a text names, or None."""
        kind, _dot, raw = text.partition(".")
        try:
            return cls(kind, UUID(raw)) if kind in (CLINICIAN, TEAM) else None
        except ValueError:
            return None


def givers(user: User) -> list[tuple[str, str]]:
    """Return from whom a person may hand patients over: reception from anybody, a clinician the own."""
    if reach_of_user(user, Permission.DEMOGRAPHICS_ASSIGN) is Reach.ALL:
        return _takers()
    return [oneself(user)]


def oneself(user: User) -> tuple[str, str]:
    """Return a person as one who hands over."""
    return Giver(CLINICIAN, user.pk).text, called(user)


def takers(giver: Giver) -> list[tuple[str, str]]:
    """Return who may take over from a giver: one of the same kind."""
    return [one for one in _takers() if one[0].startswith(giver.kind) and one[0] != giver.text]


def _takers() -> list[tuple[str, str]]:
    teams = Unit.objects.filter(kind=Unit.Kind.TEAM, is_active=True).order_by(_by_name(), "pk")
    return [
        *((Giver(CLINICIAN, UUID(key)).text, name) for key, name in colleagues.clinicians()),
        *((Giver(TEAM, team.pk).text, unit_name(team)) for team in teams),
    ]


def patients_of(user: User, giver: Giver) -> QuerySet[Patient]:
    """Return the patients that are with a giver, of those open to a person."""
    here: Any
    if giver.kind == CLINICIAN:
        here = CareRelationship.objects.in_force().filter(
            user_id=giver.id, source=CareRelationship.Source.RESPONSIBLE, patient_id=OuterRef("pk")
        )
    else:
        here = TeamAssignment.objects.in_force().filter(unit_id=giver.id, patient_id=OuterRef("pk"))
    visible = Patient.objects.visible_to(user, Category.DEMOGRAPHICS)
    found: QuerySet[Patient] = visible.filter(Exists(here))
    return found


def preview(user: User, giver: Giver, ticked: frozenset[str] | None = None) -> dict[str, Any]:
    """Return who would be handed over, latest activity first, ticked unless unticked before."""
    rows = list(pages.latest_active(patients_of(user, giver), None).only(*people.CARD)[: MOST + 1])
    shown, seen = rows[:MOST], people.sights(user, [row.pk for row in rows[:MOST]])
    return {
        "rows": [
            people.row(one, seen[one.pk])
            | {"id": str(one.pk), "ticked": ticked is None or str(one.pk) in ticked}
            for one in shown
            if one.pk in seen
        ],
        "is_more": len(rows) > MOST,
    }
