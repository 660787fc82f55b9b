"""Moving every row about one patient to another one; envelopes and versions stay as they are.

What a row says is not touched, so no version is made of it; the trail gets the new state of each row.
A model of a patient's data is found by its foreign key, so that a new one is moved without a word here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import F, QuerySet, UniqueConstraint

from patients.models import (
    CareRelationship,
    EncounterRecord,
    RecordVersion,
    StaffLink,
    TeamAssignment,
)
from patients.queries.erasable import ordered
from patients.queries.subjects import sealed_of_patients
from patients.queries.versions import KEPT, model_of
from security.classification import Scope
from security.sealing import SealedModel
from security.sealing.envelope import Place
from security.sealing.resealing import rekeyed
from security.sealing.shape import shape_of

# Who reaches the patient: united.
UNITED: tuple[type[models.Model], ...] = (CareRelationship, StaffLink, TeamAssignment)
# Columns that name a patient and stay, each for a reason.
STAYS: dict[str, str] = {
    "patients.patient.merged_into": "says where the record went",
    "patients.patientindex.row": "written anew",
    "patients.chartpermission.content_object": "rebuilt from care relationships",
    "patients.portalaccount.patient": "kept apart: nobody is given another record in silence",
    "patients.merge.absorbed": "says which record was taken in",
    "patients.relation.related": "is followed to the record that took its place",
}
Moved = dict[str, list[Any]]


def movable() -> list[type[models.Model]]:
    """Return every model whose rows go with a patient."""
    return [*sealed_of_patients(), *UNITED]


def all_of(*, from_id: UUID, to_id: UUID) -> Moved:
    """Move all rows of one patient to another; a row that has a twin there stays where it is."""
    moved: Moved = {}
    for model in movable():
        rows = _rows(model, from_id)
        ids = set(rows.select_for_update(of=("self",)).values_list("pk", flat=True))
        if ids:
            ids -= _twins(model, from_id, to_id)
            moved |= _moved(model, ids, to_id)
    return moved


def back(
    moved: Mapping[str, Collection[UUID]],
    *,
    from_id: UUID,
    to_id: UUID,
    own_keys: Collection[bytes],
) -> Moved:
    """Move listed rows back, with the versions made of them since, and seal what others' keys sealed."""
    listed = {one for ids in moved.values() for one in ids}
    since = _rows(RecordVersion, from_id).filter(row_id__in=listed).values_list("pk", flat=True)
    wanted = {label: set(ids) for label, ids in moved.items()}
    wanted.setdefault(RecordVersion._meta.label_lower, set()).update(since)
    _add_followers(wanted, from_id)
    returned: Moved = {}
    for label, ids in wanted.items():
        model = apps.get_model(label)
        rows = list(_rows(model, from_id).filter(pk__in=ids).select_for_update(of=("self",)))
        if issubclass(model, SealedModel):
            _reseal(model, rows, to_id, own_keys)
        returned |= _moved(model, {row.pk for row in rows}, to_id)
    for label, rows in _unlinked(from_id, to_id).items():
        known = {row.pk for row in rows}
        returned[label] = [row for row in returned.get(label, []) if row.pk not in known] + rows
    return returned


def _add_followers(wanted: dict[str, set[UUID]], from_id: UUID) -> None:
    """Add what was written since to rows that go back and is nothing without them, such as an answer."""
    followers: list[Any] = [one for one in movable() if getattr(one, "goes_with", "")]
    model: Any
    for model in reversed(ordered(followers)):
        parent = model._meta.get_field(model.goes_with).related_model
        ids = wanted.get(parent._meta.label_lower)
        if ids:
            rows = _rows(model, from_id).filter(**{f"{model.goes_with}__in": ids})
            wanted.setdefault(model._meta.label_lower, set()).update(
                rows.values_list("pk", flat=True)
            )


def carers(patient_ids: Collection[UUID]) -> set[UUID]:
    """Return everybody who has a relationship with one of some patients."""
    found = CareRelationship.objects.filter(patient_id__in=patient_ids)
    return set(found.values_list("user_id", flat=True))


def _rows(model: type[models.Model], patient_id: UUID) -> QuerySet[Any]:
    # The plain manager: what is written here is no new version, and may pass the guards of one.
    return model._base_manager.filter(patient_id=patient_id)


def _moved(model: type[models.Model], ids: Collection[UUID], to_id: UUID) -> Moved:
    if not ids:
        return {}
    chosen = model._base_manager.filter(pk__in=ids)
    chosen.update(patient_id=to_id)
    return {model._meta.label_lower: list(chosen.order_by("pk"))}


def _twins(model: type[models.Model], from_id: UUID, to_id: UUID) -> set[UUID]:
    """Return the rows that could not stand beside one of the other patient: the same entry, given twice."""
    found: set[UUID] = set()
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and "patient" in constraint.fields:
            names = [name for name in constraint.fields if name != "patient"]
            rows = model._base_manager.filter(constraint.condition or models.Q())
            there = set(_keys(rows.filter(patient_id=to_id), names, constraint).values())
            own = _keys(rows.filter(patient_id=from_id), names, constraint)
            found |= {pk for pk, key in own.items() if key in there}
    return found


def _keys(
    rows: QuerySet[Any], names: list[str], constraint: UniqueConstraint
) -> dict[UUID, tuple[Any, ...]]:
    found = {}
    for pk, *values in rows.values_list("pk", *names):
        if None not in values or constraint.nulls_distinct is False:
            found[pk] = tuple(
                bytes(value) if isinstance(value, memoryview) else value for value in values
            )
    return found


def _reseal(
    model: type[SealedModel], rows: list[Any], to_id: UUID, own_keys: Collection[bytes]
) -> None:
    for row in rows:
        written = {}
        for column, place, scope in _envelopes(model, row):
            blob = row.__dict__[column]
            sealed = blob and rekeyed(
                bytes(blob), place=place, scope=scope, subject_id=to_id, own_keys=own_keys
            )
            if sealed:
                written[column] = sealed
        if written:
            model._base_manager.filter(pk=row.pk).update(**written)


def _envelopes(model: type[SealedModel], row: Any) -> list[tuple[str, Place, Scope]]:
    found = []
    for name, column in shape_of(model).columns.items():
        version = row.restricted_version if name == "restricted" else row.version
        place = Place(model.seal_label, name, row.pk, version)
        found.append((column.attname, place, model.scope))
    if isinstance(row, RecordVersion):
        scope = model_of(row.label).scope
        for name, attname in KEPT.items():
            number = row.row_restricted_version if name == "restricted" else row.row_version
            place = Place(row.label, name, row.row_id, cast(int, number))
            found.append((attname, place, scope))
    return found


def _unlinked(one_id: UUID, other_id: UUID) -> Moved:
    """Part entries from visits that are the other patient's now."""
    found: Moved = {}
    for model in movable():
        if issubclass(model, EncounterRecord):
            rows = model._base_manager.filter(patient_id__in=[one_id, other_id])
            astray = rows.filter(encounter__isnull=False).exclude(
                encounter__patient_id=F("patient_id")
            )
            ids = list(astray.values_list("pk", flat=True))
            if ids:
                model._base_manager.filter(pk__in=ids).update(encounter=None)
                found[model._meta.label_lower] = list(model._base_manager.filter(pk__in=ids))
    return found
