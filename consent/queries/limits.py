"""Restrictions as decisions ask for them: plain columns alone, set-based, no envelope is opened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from consent.models import ProcessingRestriction
from patients.models import Patient
from security.access.purposes import Purpose
from security.classification import Category

Kind = ProcessingRestriction.Kind
# What a restriction leaves open: vital interests, the person's own requests, and legal claims with the
# supervision of them (GDPR 18(2), PIPL 44).
LEFT_OPEN = frozenset({Purpose.ETREAT, Purpose.PATRQT, Purpose.HCOMPL})
# Of data that are only stored (PIPL 47): the same, for staff inside a case or an emergency alone.
DATA = frozenset(
    {
        Category.DEMOGRAPHICS,
        Category.IDENTIFIERS,
        Category.APPOINTMENTS,
        Category.CLINICAL,
        Category.RESTRICTED,
        Category.BILLING,
        Category.BILL_DIAGNOSIS,
        Category.MESSAGES,
        Category.CAMPAIGNS,
    }
)


# Of a record that was merged into another one.
TAKEN_IN = ~Q(kind=Kind.STORAGE)
# What is specially protected is a part of the clinical record, and restricted with it.
PART_OF = {str(Category.RESTRICTED): str(Category.CLINICAL)}


def within(category: str) -> set[str]:
    """Return the categories under which a category of data is restricted."""
    return {str(category), PART_OF.get(str(category), str(category))}


@dataclass(frozen=True, slots=True)
class Limit:
    """One restriction of one patient, without the words that are sealed."""

    id: UUID
    patient_id: UUID
    kind: str
    purpose_id: UUID | None
    uses: tuple[str, ...]
    categories: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether it is in force at an instant."""
        return self.starts_at <= at and (self.ends_at is None or self.ends_at > at)

    def covers(self, category: str) -> bool:
        """Tell whether it is about a category of data; where it names none, it is about all."""
        return not self.categories or bool(within(category) & set(self.categories))

    def concerns(self, purpose_id: UUID) -> bool:
        """Tell whether it is about a purpose; where it names none, it is about all."""
        return self.purpose_id is None or self.purpose_id == purpose_id

    def restricts(self, category: str, use: str) -> bool:
        """Tell whether a restriction of processing refuses a use of a category of data."""
        if self.kind != Kind.RESTRICTED or use in LEFT_OPEN or not self.covers(category):
            return False
        return self.purpose_id is None or use in self.uses

    def only_stores(self, category: str) -> bool:
        """Tell whether a category of data is kept and not used."""
        return self.kind == Kind.STORAGE and self.covers(category)


def of(patients: Iterable[UUID]) -> Mapping[UUID, list[Limit]]:
    """Return every restriction of these patients, past and future ones included; one query.

    What somebody wanted under a record that was merged into this one is wanted still. What was only stored of
    that record says nothing of this one.
    """
    columns = (
        "pk", "patient_id", "patient__merged_into", "kind", "purpose_id", "purpose__uses", "categories",
        "starts_at", "ends_at",
    )  # fmt: skip
    found: dict[UUID, list[Limit]] = {one: [] for one in patients}
    rows = ProcessingRestriction.objects.filter(patient__in=records_of(found))
    rows = rows.order_by("starts_at", "pk")
    for pk, patient, heir, kind, purpose, uses, named, start, end in rows.values_list(*columns):
        for whose in {patient, heir} & found.keys():
            if whose == patient or kind != Kind.STORAGE:
                limit = Limit(pk, whose, kind, purpose, tuple(uses or ()), tuple(named), start, end)
                found[whose].append(limit)
    return found


def records_of(patients: Collection[UUID]) -> QuerySet[Patient, Any]:
    """Return these records and those that were merged into them, for one query by their keys."""
    known = Q(pk__in=patients) | Q(merged_into__in=patients)
    return Patient._base_manager.filter(known).values("pk")


def held_for(rows: QuerySet[ProcessingRestriction]) -> Q:
    """Return the condition on patients that one of these restrictions is theirs, as `of` finds them."""
    own = rows.filter(patient=OuterRef("pk"))
    # Few records were merged, and the planner knows how many.
    merged = rows.filter(TAKEN_IN, patient__merged_into__isnull=False)
    return Q(Exists(own)) | Q(Exists(merged.filter(patient__merged_into=OuterRef("pk"))))
