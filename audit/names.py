"""How the trail names rows: a constant label of the model and one UUID per row."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from security.sealing import SealedModel

# So many letters a key may have to stand as a UUID.
WORD = 16


class NoTrailName(TypeError):
    """A row has a key that the trail has no form for."""


def label_of(model: type[models.Model]) -> str:
    """Return the seal label of a sealed model, else "app.model"."""
    if issubclass(model, SealedModel):
        return model.seal_label
    return model._meta.label_lower


def id_of(row: models.Model) -> UUID:
    """Return the id under which the trail knows a row.

    A number n stands as the UUID of value n, a short word as the UUID of its letters.
    """
    match row.pk:
        case UUID() as key:
            return key
        case bool():
            pass
        case int(number) if 0 <= number < 2**63:
            return UUID(int=number)
        case str(word) if word.isascii() and 0 < len(word) <= WORD:
            return UUID(bytes=word.encode().ljust(WORD, b"\0"))
    raise NoTrailName(f"{type(row).__name__} rows have no UUID and no number as their key")


def key_of(model: type[models.Model], object_id: UUID) -> UUID | int | str:
    """Return the key of the row that the trail knows under an id."""
    match model._meta.pk:
        case models.UUIDField():
            return object_id
        case models.CharField():
            return object_id.bytes.rstrip(b"\0").decode("ascii", "replace")
    return object_id.int
