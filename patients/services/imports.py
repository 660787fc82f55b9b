"""Bringing a bundle in: one transaction, all or nothing, recognised again when it comes twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from patients.fhir.bundle import Bundle, Problem
from patients.models import CareRelationship, Patient, PatientIndex
from patients.services import arrivals, directory, items, relationships, teams
from patients.services.relationships import Wanted
from security import context, trail
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import Unit, User
from security.sealing import index

# Imports wait for each other: two that bring the same patient at once would both register it.
LOCK = 0x437573746F646961


class BundleRefused(Exception):
    """A bundle has mistakes, so nothing of it was kept; one problem per entry."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = tuple(sorted(problems, key=lambda problem: problem.index))


@dataclass(slots=True)
class Outcome:
    """What one bundle changed."""

    entries: int
    created: list[Any] = field(default_factory=list)
    updated: list[Any] = field(default_factory=list)
    patients: list[UUID] = field(default_factory=list)
    # References to encounters and people that neither the bundle nor this house knows.
    dangling: int = 0

    @property
    def unchanged(self) -> int:
        """Return how many entries said nothing new."""
        return max(self.entries - len(self.created) - len(self.updated), 0)


@transaction.atomic
def bring_in(*, bundle: Bundle, team: Unit | None = None, by: User | None = None) -> Outcome:
    """Bring every entry of a bundle into the record, or raise BundleRefused and nothing of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    listed = directory.enter(bundle=bundle)
    arrived = arrivals.receive(bundle=bundle)
    kept = items.keep(bundle=bundle, arrived=arrived, listed=listed)
    problems = [*bundle.problems, *listed.problems, *arrived.problems, *kept.problems]
    if problems:
        raise BundleRefused(problems)
    outcome = Outcome(
        entries=len(bundle.entries),
        created=[*listed.created, *arrived.created, *kept.created],
        updated=[*listed.updated, *arrived.updated, *kept.updated],
        patients=sorted(arrived.patient_ids),
        dangling=kept.dangling,
    )
    _show_activity(arrived, kept)
    with context.matching():
        index.rebuild([*arrived.created, *arrived.updated], PatientIndex)
    _record(outcome, by)
    _relate(kept, by)
    if team is not None and outcome.patients:
        teams.assign(patient_ids=outcome.patients, unit=team, by=by)
    return outcome


def _show_activity(arrived: arrivals.Arrived, kept: items.Kept) -> None:
    """Order patients by their last visit, not by the day of the import."""
    now = timezone.now()
    last: dict[UUID, Any] = {}
    for row in kept.created:
        if row.occurred_at and row.occurred_at <= now:
            before = last.get(row.patient_id)
            last[row.patient_id] = max(before, row.occurred_at) if before else row.occurred_at
    fresh = {patient.pk for patient in arrived.created}
    for patient in Patient.objects.filter(pk__in=last):
        at = last[patient.pk]
        if patient.pk in fresh or at > patient.last_activity_at:
            Patient.objects.filter(pk=patient.pk).update(last_activity_at=at)


def _record(outcome: Outcome, by: User | None) -> None:
    if outcome.created or outcome.updated:
        trail.record(
            "patients.bundle.imported",
            subjects=outcome.patients,
            changed=[*outcome.created, *outcome.updated],
            counts={
                "entries": outcome.entries,
                "created": len(outcome.created),
                "updated": len(outcome.updated),
                "unchanged": outcome.unchanged,
            },
            by=by,
        )


def _relate(kept: items.Kept, by: User | None) -> None:
    """Give practitioners who work here the patients whom they saw."""
    seen = {
        (practitioner.user_id, patient_id)
        for patient_id, practitioner in kept.seen_by
        if practitioner.user_id
    }
    users = User.objects.filter(pk__in={user for user, _patient in seen}, is_active=True)
    carers = {
        user.pk for user in users if reach_of_user(user, Permission.CLINICAL_READ) is Reach.TEAM
    }
    wanted = [
        Wanted(user, patient_id, CareRelationship.Source.IMPORT)
        for user, patient_id in sorted(seen)
        if user in carers
    ]
    relationships.grant_many(wanted=wanted, by=by)
