"""What of a patient goes when a key scope is erased: rows by model, in an order that parts no references."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import QuerySet

from patients.models import (
    CareRelationship,
    Draft,
    Patient,
    PortalAccount,
    RecordVersion,
    StaffLink,
    TeamAssignment,
)
from patients.queries.subjects import sealed_of_patients
from security.classification import Scope, SubjectKind
from security.models import OutboxMessage
from security.sealing import SealedModel
from security.sealing.index import SearchIndex
from security.sealing.register import sealed_models
from security.services import stored_files

# Who reached the patient: goes with the record.
REACH: tuple[type[models.Model], ...] = (CareRelationship, StaffLink, TeamAssignment)
Rows = QuerySet[Any]


def rows_of_scope(scope: str, patient_ids: Collection[UUID]) -> list[Rows]:
    """Return the rows that go with one scope, those that refer to others before what they refer to."""
    if scope not in {Scope.RECORD, Scope.BILLING, Scope.ENGAGEMENT}:
        # What is specially protected lies in envelopes of rows of the record; consents are proof, and stay
        # as rows that nobody can read.
        return []
    models_ = [one for one in sealed_of_patients() if _scope_of(one) == scope and one is not Draft]
    found = [one._base_manager.filter(patient_id__in=patient_ids) for one in ordered(models_)]
    versions = RecordVersion._base_manager.filter(
        patient_id__in=patient_ids, label__in=_labels(scope)
    )
    if scope != Scope.RECORD:
        return [versions, *found]
    reach = [one._base_manager.filter(patient_id__in=patient_ids) for one in REACH]
    return [versions, *reach, messages(patient_ids), *found]


def _scope_of(model: type[models.Model]) -> str:
    # Versions go with the scope of the row that they are of.
    return "" if model is RecordVersion else str(getattr(model, "scope", ""))


def _labels(scope: str) -> list[str]:
    return [one.seal_label for one in sealed_models() if one.scope == scope]


def drafts(patient_ids: Collection[UUID]) -> Rows:
    """Return unsaved forms about patients."""
    return Draft._base_manager.filter(patient_id__in=patient_ids)


def messages(patient_ids: Collection[UUID], *, waiting: bool = False) -> Rows:
    """Return messages to patients; with `waiting`, those that were not sent yet."""
    rows = OutboxMessage._base_manager.filter(
        subject_id__in=patient_ids, recipient_kind=SubjectKind.PATIENT
    )
    return rows.exclude(state=OutboxMessage.State.SENT) if waiting else rows


def accounts(patient_ids: Collection[UUID]) -> Rows:
    """Return the portal accounts that open these records now."""
    return PortalAccount.objects.in_force().filter(patient_id__in=patient_ids)


def index_rows(scope: str, patient_ids: Collection[UUID]) -> Iterator[Rows]:
    """Yield the rows of search that go with a scope."""
    tables: list[Any] = list(apps.get_models())
    for table in tables:
        if not issubclass(table, SearchIndex):
            continue
        model: Any = table._meta.get_field("row").related_model
        if model is Patient and scope == Scope.RECORD:
            yield table._base_manager.filter(row_id__in=patient_ids)
        elif model in sealed_of_patients() and _scope_of(model) == scope:
            yield table._base_manager.filter(row__patient_id__in=patient_ids)


def files_of(rows: Rows) -> list[UUID]:
    """Return the sealed files that rows hold."""
    if rows.model not in stored_files.holders():
        return []
    return [one for one in rows.values_list(stored_files.COLUMN, flat=True) if one is not None]


def ordered(wanted: Collection[type[models.Model]]) -> list[type[models.Model]]:
    """Return models so that each comes before those that it refers to; ties by name."""
    left, found = sorted(wanted, key=lambda one: one._meta.label_lower), []
    while left:
        free = [one for one in left if not _referred(one, left)] or left[:1]
        found += free
        left = [one for one in left if one not in free]
    return found


def _referred(model: type[models.Model], by: Collection[type[models.Model]]) -> bool:
    return any(one is not model and _keys_to(one, model) for one in by)


def _keys_to(model: type[models.Model], target: type[models.Model]) -> list[str]:
    return [
        field.attname
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is target
    ]


def referred(rows: Rows) -> set[UUID]:
    """Return which of these rows are referred to by others than themselves: they stay, empty."""
    ids = list(rows.values_list("pk", flat=True))
    found: set[UUID] = set()
    for model in apps.get_models():
        if issubclass(model, SearchIndex):
            continue
        for name in _keys_to(model, rows.model):
            others = model._base_manager.filter(**{f"{name}__in": ids})
            if model is rows.model:
                others = others.exclude(pk__in=ids)
            found.update(others.values_list(name, flat=True))
    return found


def counts(scope: str, patient_ids: Collection[UUID]) -> dict[str, int]:
    """Return how much goes with a scope: rows, earlier versions, rows of search, files."""
    found = {"rows": 0, "versions": 0, "index": 0, "files": 0}
    for rows in rows_of_scope(scope, patient_ids):
        name = "versions" if rows.model is RecordVersion else "rows"
        found[name] += rows.count()
        found["files"] += len(files_of(rows))
    found["index"] = sum(rows.count() for rows in index_rows(scope, patient_ids))
    return found


def is_sealed(model: type[models.Model]) -> bool:
    """Tell whether rows of a model have envelopes."""
    return issubclass(model, SealedModel)
