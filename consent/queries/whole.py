"""Everything that is held about one person, found by the models themselves: a new one can not be forgotten.

Whoever adds a model about people finds it in every copy, or names it here with the reason why not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils import timezone

from audit import persons
from consent.models import RightsRequest
from patients.fhir import values
from patients.models import Disclosure, Patient, PortalAccount, Protectable, RecordVersion
from patients.queries import versions
from security.classification import SubjectKind
from security.models import User
from security.people import called
from security.sealing import EnvelopeField, SealBroken, SealedModel
from security.sealing.shape import shape_of

# Models that name a person and are in no copy.
LEFT_OUT: dict[str, str] = {
    "patients.chartpermission": "derived from care relationships, which are in it",
    "patients.patientindex": "keyed hashes made from the record, to find it by",
    "consent.recordcopy": "copies themselves; the requests for them are in it",
    "security.totpfactor": "a secret by which somebody signs in",
    "security.outboxmessage": "messages in the post, of which the deeds that sent them tell",
    "security.export": "work of a colleague, named by the trail",
    "patients.importbatch": "work of a colleague, named by the trail",
    "patients.cashup": "work of a colleague, named by the trail",
}
# Columns that open or locate something and say nothing of the person.
TECHNICAL = frozenset(
    {
        "version", "restricted_version", "source_key", "file_key", "restricted_file_key", "file_id",
        "kept_card", "kept_body", "kept_restricted", "row_restricted_version", "password", "withheld",
        "is_superuser", "is_staff", "last_login",
    }
)  # fmt: skip
BROKEN = "could not be opened"


@dataclass(slots=True)
class Part:
    """The rows of one model about one person."""

    label: str
    title: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    # Ids of rows that do not open; they are named, never left away in silence.
    broken: list[str] = field(default_factory=list)


def models_about(kind: SubjectKind) -> list[tuple[type[models.Model], tuple[str, ...]]]:
    """Return every model about people of a kind, with the columns that name them."""
    found = []
    for model in apps.get_models():
        columns = columns_naming(model, kind)
        if columns and model._meta.label_lower not in LEFT_OUT:
            found.append((model, columns))
    return found


def columns_naming(model: type[models.Model], kind: SubjectKind) -> tuple[str, ...]:
    """Return the columns by which rows of a model are about people of a kind."""
    wanted = Patient if kind == SubjectKind.PATIENT else User
    if model is wanted:
        return ("id",)
    is_about_users = issubclass(model, SealedModel) and model.subject_kind == SubjectKind.USER
    names = [
        one.attname
        for one in model._meta.concrete_fields
        if one.related_model is wanted
        # Of a colleague: what is about the person, not what the person did to others.
        and (wanted is Patient or one.name == "user" or is_about_users)
    ]
    if issubclass(model, SealedModel) and model.subject_field == "subject_id":
        names.append("subject_id")
    return tuple(names)


def everything(kind: SubjectKind, subject_id: UUID) -> Iterator[Part]:
    """Yield every part of what is held about one person; opening it is a read of the person's data."""
    ids = persons.register().former(subject_id) if kind == SubjectKind.PATIENT else [subject_id]
    for model, columns in models_about(kind):
        part = Part(model._meta.label_lower, str(model._meta.verbose_name_plural))
        for row in _rows(model, columns, ids):
            _add(part, row)
        if part.rows or part.broken:
            yield part
    if kind == SubjectKind.PATIENT:
        yield from _account(ids)


def count(kind: SubjectKind) -> int:
    """Return how many parts there can be at most."""
    return len(models_about(kind)) + 1


def _rows(
    model: type[models.Model], columns: tuple[str, ...], ids: Collection[UUID]
) -> Iterator[Any]:
    named = models.Q()
    for column in columns:
        named |= models.Q(**{f"{column}__in": list(ids)})
    rows = model._base_manager.filter(named).order_by("pk")
    if model is Disclosure:
        return (row for row in rows if not _is_silent(row))
    return iter(rows)


def _is_silent(row: Any) -> bool:
    """Tell whether an authority asked that the person is not told yet (45 CFR 164.528(a)(2))."""
    return row.silent_until is not None and row.silent_until > timezone.localdate()


def _account(ids: Collection[UUID]) -> Iterator[Part]:
    """Yield the person's own account of the portal; of a representative's nothing."""
    own = PortalAccount.objects.filter(patient_id__in=ids, capacity=PortalAccount.Capacity.SELF)
    part = Part("security.user", str(User._meta.verbose_name_plural))
    for row in own.select_related("user").order_by("pk"):
        _add(part, row.user)
    if part.rows or part.broken:
        yield part


def _add(part: Part, row: models.Model) -> None:
    try:
        part.rows.append(told(row))
    except SealBroken:
        part.broken.append(str(row.pk))


def told(row: models.Model) -> dict[str, Any]:
    """Return all a row says of the person, by the names of its fields; raise SealBroken."""
    if isinstance(row, Protectable) and row.is_protected:
        row.uncover()
    said = {
        one.name: _plain(row, one)
        for one in row._meta.concrete_fields
        if not isinstance(one, EnvelopeField) and one.name not in TECHNICAL
    }
    if isinstance(row, SealedModel):
        said |= {
            name: _said(getattr(row, name))
            for name in shape_of(type(row)).fields
            if name not in TECHNICAL
        }
    if isinstance(row, RecordVersion):
        said["was"] = _was(row)
    if isinstance(row, RightsRequest) and _is_held_back(row):
        said |= dict.fromkeys(("suspension", "suspended_until"), None)
    return said


def _is_held_back(row: RightsRequest) -> bool:
    """Tell whether an authority asked that the person does not hear of it yet."""
    return row.suspended_until is not None and row.suspended_until > timezone.localdate()


def _was(version: RecordVersion) -> Any:
    """Return an earlier state; one that does not open is named so, the correction is told anyway."""
    try:
        return told(versions.reopened(version))
    except (SealBroken, LookupError):
        return BROKEN


def _plain(row: models.Model, one: models.Field[Any, Any]) -> Any:
    if one.related_model is User and not isinstance(row, User):
        colleague = getattr(row, one.name)
        return None if colleague is None else called(colleague)
    return _said(getattr(row, one.attname))


def _said(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return values.unpack(value)
