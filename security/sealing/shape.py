"""What a sealed model declares: its fields, its envelopes, its operational columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.db import models

from security.sealing.columns import EnvelopeField
from security.sealing.fields import Sealed

if TYPE_CHECKING:
    from security.sealing.rows import SealedModel


@dataclass(frozen=True, slots=True)
class Shape:
    """What a sealed model declares, gathered once per class."""

    fields: dict[str, Sealed]
    columns: dict[str, EnvelopeField]
    operational: frozenset[str]
    always_loaded: tuple[str, ...]


@cache
def shape_of(model: type[SealedModel]) -> Shape:
    """Return the shape of a sealed model."""
    columns = {f.envelope: f for f in model._meta.concrete_fields if isinstance(f, EnvelopeField)}
    names = [model._meta.pk.attname, "version"]
    if "restricted" in columns:
        names.append("restricted_version")
    names += [
        name
        for name in (model.subject_field, model.heir_field)
        if name is not None and name not in names
    ]
    return Shape(
        fields={f.name: f for f in model._meta.private_fields if isinstance(f, Sealed)},
        columns=columns,
        operational=operational_columns(model),
        always_loaded=tuple(names),
    )


def operational_columns(model: type[models.Model]) -> frozenset[str]:
    """Return the attribute names that a model and its bases declare as operational."""
    names: set[str] = set()
    for base in model.__mro__:
        privacy = base.__dict__.get("Privacy")
        names.update(getattr(privacy, "operational", ()))
    return frozenset(model._meta.get_field(name).attname for name in names)  # type: ignore[union-attr]
