"""Earlier states of a row, opened again, and what changed between two of them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models

from patients.models import RecordVersion
from security.sealing import SealedModel
from security.sealing.shape import operational_columns, shape_of

# Envelope name -> the column that keeps it.
KEPT = {"card": "kept_card", "body": "kept_body", "restricted": "kept_restricted"}


def plain_columns(model: type[SealedModel]) -> list[models.Field[Any, Any]]:
    """Return the columns of a model that a version keeps as text beside the envelopes."""
    envelopes = {column.attname for column in shape_of(model).columns.values()}
    left_out = {"id", "version", "restricted_version"} | envelopes | operational_columns(model)
    return [field for field in model._meta.concrete_fields if field.attname not in left_out]


def model_of(label: str) -> type[SealedModel]:
    """Return the model that a seal label belongs to; raise LookupError."""
    for model in apps.get_models():
        if issubclass(model, SealedModel) and model.seal_label == label:
            return model
    raise LookupError(label)


def reopened(version: RecordVersion) -> Any:
    """Return the row as it was; it opens like any row and can not be saved over the newer one."""
    model = model_of(version.label)
    values: dict[str, Any] = {"id": version.row_id, "version": version.row_version}
    if "restricted" in shape_of(model).columns:
        # A state from before the model had that envelope begins it.
        values["restricted_version"] = version.row_restricted_version or 1
    for name, column in shape_of(model).columns.items():
        kept = getattr(version, KEPT[name])
        values[column.attname] = None if kept is None else bytes(kept)
    for field in plain_columns(model):
        values[field.attname] = field.to_python(version.plain.get(field.attname))
    if "patient_id" in values:
        # Where two records were joined since, the state went with its row.
        values["patient_id"] = version.patient_id
    # Django takes them in the order of the columns.
    if model.heir_field is not None and version.patient_id != version.row_id:
        # A record that was merged: its earlier states belong to the one that took its place as well.
        values[model.heir_field] = version.patient_id
    names = [field.attname for field in model._meta.concrete_fields if field.attname in values]
    return model.from_db("default", names, [values[name] for name in names])


def of_row(row: SealedModel) -> models.QuerySet[RecordVersion]:
    """Return the earlier states of a row, the newest first."""
    found = RecordVersion.objects.filter(label=row.seal_label, row_id=row.pk)
    return found.order_by("-row_version")


def at(row: SealedModel, number: int) -> Any:
    """Return a row as it was at a version; None where that was never replaced or never was."""
    if row.version == number:
        return row
    version = of_row(row).filter(row_version=number).first()
    return None if version is None else reopened(version)


def changed_between(earlier: SealedModel, later: SealedModel) -> list[str]:
    """Return the names of sealed fields that differ; a restricted envelope is opened in both rows."""
    fields = shape_of(type(later)).fields
    return [name for name in fields if getattr(earlier, name) != getattr(later, name)]
