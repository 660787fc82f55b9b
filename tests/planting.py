"""Rows of every sealed model that is about a patient, to be filled with whatever a test looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils import timezone

from patients.models import Note, Patient
from security.ids import new_id
from security.models import User
from security.sealing import SealedModel
from security.sealing.register import sealed_models


def rows(
    patient: Patient, account: User, fill: Callable[[SealedModel], Any]
) -> Iterator[SealedModel]:
    """Yield one filled and saved row of each sealed model that has a patient."""
    columns: dict[str, Any] = {
        "patient": patient, "occurred_at": timezone.now(), "user": account, "author": account,
        "template": "soap", "form": "note", "target_id": new_id(), "label": "patients.condition",
        "row_id": new_id(), "row_version": 1,
    }  # fmt: skip
    # What others point to comes first.
    for model in sorted(sealed_models(), key=lambda one: one is not Note):
        names = {field.name for field in model._meta.concrete_fields}
        if "patient" in names:
            row = model(**{name: columns[name] for name in names & set(columns)})
            fill(row)
            row.save()
            columns.setdefault(model.seal_label.rpartition(".")[2], row)
            yield row
