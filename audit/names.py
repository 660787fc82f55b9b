"""How the trail names rows: a constant label of the model and one UUID per row."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from security.sealing import SealedModel


class NoTrailName(TypeError):
    """A row has a key that the trail has no form for."""


def label_of(model: type[models.Model]) -> str:
    """Return the seal label of a sealed model, else "app.model"."""
    if issubclass(model, SealedModel):
        return model.seal_label
    return model._meta.label_lower


def id_of(row: models.Model) -> UUID:
    """Return the id under which the trail knows a row; a number n stands as the UUID of value n."""
    match row.pk:
        case UUID() as key:
            return key
        case bool():
            pass
        case int(number) if 0 <= number < 2**63:
            return UUID(int=number)
    raise NoTrailName(f"{type(row).__name__} rows have no UUID and no number as their key")
