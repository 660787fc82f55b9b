"""Who may decide for a patient: the person, a guardian, a representative, relatives of the deceased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from audit.periods import instant
from consent.models import ConsentEvent
from patients.models import Patient, Relation
from patients.names import display
from patients.queries import guardians
from security.sealing import SealBroken

Capacity = ConsentEvent.Capacity
Kind = Relation.Kind
# Civil Code 1045: spouse, parents, children, brothers and sisters, grandparents, grandchildren.
CLOSE = frozenset(
    {
        Kind.SPOUSE, Kind.MOTHER, Kind.FATHER, Kind.PARENT, Kind.CHILD, Kind.SIBLING,
        Kind.GRANDPARENT, Kind.GRANDCHILD,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Giver:
    """Somebody who may decide: in which capacity, by which relation, called how."""

    capacity: str
    relation_id: UUID | None = None
    name: str = ""

    @property
    def key(self) -> str:
        """Return what names the giver in a form."""
        return f"{self.capacity}:{self.relation_id or ''}"


guardian_age, is_ward = guardians.of_age, guardians.is_minor


def comes_of_age_at(patient: Patient) -> datetime | None:
    """Return the first instant from which the patient decides alone; None where no birth date is known."""
    born_on = guardians.latest_birth(patient)
    if born_on is None:
        return None
    year = born_on.year + guardian_age()
    try:
        day = born_on.replace(year=year)
    except ValueError:
        # Born on 29 February: of age when the first of March begins.
        day = date(year, 3, 1)
    return instant(day, settings.TIME_ZONE)


def begins_at(patient: Patient) -> datetime | None:
    """Return the first instant of a patient's life that is known."""
    born_on = patient.birth_on
    zone = timezone.get_default_timezone()
    return datetime.combine(born_on, time(), zone) if born_on else None


def of(patient: Patient, on: date | None = None) -> list[Giver]:
    """Return who may decide on a day, today by default, the usual one first.

    A relation that does not open is none.
    """
    related = list(_related(patient, on or timezone.localdate()))
    if patient.deceased:
        return [one for one in related if one.capacity == Capacity.RELATIVE] + [
            Giver(Capacity.REPRESENTATIVE)
        ]
    guardians = [one for one in related if one.capacity == Capacity.GUARDIAN]
    represented = [one for one in related if one.capacity == Capacity.REPRESENTATIVE]
    others = [*guardians, *represented, Giver(Capacity.REPRESENTATIVE)]
    # A ward may refuse and withdraw alone, but stands behind the guardian who agrees.
    own = Giver(Capacity.SELF)
    return [*guardians, own, *others[len(guardians) :]] if is_ward(patient, on) else [own, *others]


def _related(patient: Patient, day: date) -> Iterator[Giver]:
    rows = Relation.objects.filter(patient=patient).select_related("related")
    for row in rows.order_by("created_at", "pk"):
        try:
            if not row.holds_on(day):
                continue
            name = display(row.related.names if row.related else row.names)
            for capacity in _capacities(row, patient, day):
                yield Giver(capacity, row.pk, name)
        except SealBroken:
            continue


def _capacities(row: Relation, patient: Patient, day: date) -> Iterator[str]:
    if patient.deceased:
        if row.kind in CLOSE:
            yield Capacity.RELATIVE
        return
    if row.is_guardian and is_ward(patient, day):
        yield Capacity.GUARDIAN
    if row.is_legal_representative:
        yield Capacity.REPRESENTATIVE
