"""Who belongs to a patient, as a reader may see them, and what was merged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Merge, Patient, PatientIndex, Relation
from patients.names import display
from patients.queries import guardians, people
from patients.queries.chart import Chart
from security.access.permissions import Permission
from security.classification import Category
from security.models import User
from security.people import called
from security.sealing import SealBroken, normalise
from security.sealing.index import find_exact

KINDS = dict(Relation.Kind.choices)
MARKS: dict[str, Promise] = {
    "is_emergency_contact": gettext_lazy("Emergency contact"),
    "is_guardian": gettext_lazy("Guardian"),
    "is_legal_representative": gettext_lazy("Legal representative"),
    "shares_home": gettext_lazy("Same household"),
}
Shown = dict[str, Any]


def page(chart: Chart) -> Shown:
    """Return the household and contacts of a patient, who else names the patient, and the merges."""
    rows = Relation.objects.filter(patient=chart.patient).order_by("created_at", "pk")
    naming = Relation.objects.filter(related=chart.patient).order_by("created_at", "pk")
    own, others = list(rows), list(naming)
    seen = _seen(chart, {row.related_id for row in own} | {row.patient_id for row in others})
    relations = [_relation(chart, row, seen) for row in own]
    may_merge = chart.may(Permission.IDENTIFIERS_WRITE)
    return {
        "relations": sorted(relations, key=lambda one: not one["holds"]),
        "named_by": [shown for row in others if (shown := _naming(row, seen))],
        "guardian_missing": guardians.is_missing(chart.patient),
        "may_write": chart.may(Permission.DEMOGRAPHICS_WRITE),
        "may_merge": may_merge,
        "merges": _merges(chart) if may_merge else [],
    }


def find_number(user: User, number: str, *, besides: UUID) -> UUID | None:
    """Return the one patient open to a person who bears a record number; whoever else does is not told of."""
    hits = find_exact(PatientIndex, "identifier", number)
    found = Patient.objects.visible_to(user, Category.DEMOGRAPHICS).filter(pk__in=hits)
    wanted = normalise.identifier(number)
    matching = [
        patient.pk
        for patient in found.exclude(pk=besides)
        if normalise.identifier(patient.record_number or "") == wanted
    ]
    return matching[0] if len(matching) == 1 else None


def _seen(chart: Chart, ids: Iterable[UUID | None]) -> dict[UUID, Shown]:
    """Return how each related patient is shown to the reader, under the id that the relation names."""
    wanted = [one for one in ids if one is not None]
    # Whoever was merged is shown as the record that took the place.
    heirs = {
        pk: heir or pk
        for pk, heir in Patient.objects.filter(pk__in=wanted).values_list("pk", "merged_into_id")
    }
    visible = Patient.objects.visible_to(chart.reader, Category.DEMOGRAPHICS)
    patients = {row.pk: row for row in visible.filter(pk__in=heirs.values()).only(*people.CARD)}
    sights = people.sights(chart.reader, list(patients))
    return {
        pk: people.row(patients[heir], sights[heir])
        for pk, heir in heirs.items()
        if heir in sights and heir != chart.patient.pk
    }


def _relation(chart: Chart, row: Relation, seen: dict[UUID, Shown]) -> Shown:
    address = reverse("patients:relation", args=[chart.patient.pk, row.pk])
    shown: Shown = {"url": address, "broken": False, "holds": True, "person": None}
    try:
        return shown | _told(row) | _who(row, seen)
    except SealBroken:
        return shown | {"broken": True}


def _told(row: Relation) -> Shown:
    phones = [one.get("value", "") for one in row.telecoms or ()]
    starts_on, ends_on = row.starts_on, row.ends_on
    return {
        "kind": KINDS.get(row.kind or "", row.kind),
        "phone": ", ".join(filter(None, phones)),
        "marks": [label for name, label in MARKS.items() if getattr(row, name)],
        "starts": date_format(starts_on) if starts_on else "",
        "ends": date_format(ends_on) if ends_on else "",
        "holds": row.holds_on(timezone.localdate()),
    }


def _who(row: Relation, seen: dict[UUID, Shown]) -> Shown:
    if row.related_id is None:
        return {"name": display(row.names) or _("Name unknown")}
    person = seen.get(row.related_id)
    return {"person": person, "name": "" if person else _("A patient who is not open to you")}


def _naming(row: Relation, seen: dict[UUID, Shown]) -> Shown | None:
    """Return whose contact the patient is; nothing of people who are not open to the reader."""
    person = seen.get(row.patient_id)
    if person is None:
        return None
    try:
        return {"person": person} | _told(row)
    except SealBroken:
        return None


def _merges(chart: Chart) -> list[Shown]:
    rows = Merge.objects.filter(patient=chart.patient, undone_at__isnull=True)
    return [
        {
            "url": reverse("patients:unmerge", args=[chart.patient.pk, row.pk]),
            "number": _number(row.absorbed),
            "at": row.merged_at,
            "by": called(row.merged_by),
        }
        for row in rows.select_related("absorbed", "merged_by").order_by("-merged_at")
    ]


def _number(patient: Patient) -> str:
    try:
        return patient.record_number or _("without a record number")
    except SealBroken:
        return _("Unavailable")
