"""Which rows belong to a patient, whatever their model."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from patients.models import Patient
from security.sealing.register import sealed_models


def sealed_of_patients() -> list[type[models.Model]]:
    """Return every sealed model whose rows go with a patient: by a foreign key of that name.

    A model whose rows must not pass to another record in silence, such as a consent, says `is_kept_apart`.
    """
    found = (model for model in sealed_models() if _has_patient(model))
    return [model for model in found if not getattr(model, "is_kept_apart", False)]


def count(patient_id: UUID, *, since: models.Q | None = None) -> int:
    """Return how many sealed rows belong to a patient; with `since`, of those that know their beginning."""
    total = 0
    for model in sealed_of_patients():
        names = {field.name for field in model._meta.concrete_fields}
        if since is None:
            total += model._base_manager.filter(patient_id=patient_id).count()
        elif "created_at" in names:
            total += model._base_manager.filter(since, patient_id=patient_id).count()
    return total


def _has_patient(model: type[models.Model]) -> bool:
    names = {field.name: field for field in model._meta.concrete_fields}
    field = names.get("patient")
    return field is not None and field.related_model is Patient
