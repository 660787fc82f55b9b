"""What every stored field is declared for, and which purpose of the register that belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import models

from consent import shipped
from security import library_fields
from security.classification import Category
from security.sealing import SealedModel
from security.sealing.columns import EnvelopeField
from security.sealing.shape import shape_of

# What a field says it is for -> the purposes of the register which that serves.
REGISTERED: Mapping[str, tuple[str, ...]] = {
    "access": ("operations", "legal_duty"),
    "account": ("staff", "portal"),
    "accountability": ("legal_duty",),
    "billing": ("billing",),
    "care": ("care",),
    "communication": ("care", "reminders"),
    "contact": ("care", "reminders"),
    "correspondence": ("care", "billing"),
    "delivery": ("operations", "reminders"),
    "directory": ("care", "operations"),
    "emergency": ("emergency",),
    "enquiry": ("operations",),
    "export": ("legal_duty",),
    "feedback": ("surveys", "operations"),
    "household": ("family", "care"),
    "identification": ("care",),
    "import": ("operations",),
    "integrity": ("legal_duty",),
    "operation": ("operations",),
    "organisation": ("operations",),
    "proof": ("care", "billing"),
    "reference": ("care",),
    "representation": ("care", "family"),
    "rights": ("legal_duty",),
    "safety": ("care",),
    "search": ("care", "operations"),
    "security": ("legal_duty",),
    "session": ("legal_duty",),
    "trail": ("legal_duty",),
    "validity": ("care", "operations"),
}


@dataclass(frozen=True, slots=True)
class Declared:
    """One stored field as its model declares it."""

    model: type[models.Model]
    label: str
    field: str
    purpose: str
    level: int
    is_sealed: bool
    category: Category | None

    @property
    def name(self) -> str:
        """Return the name that the trail has for it."""
        return f"{self.label}.{self.field}"


@cache
def fields() -> tuple[Declared, ...]:
    """Return every stored field of the product, by its model's name: sealed, plain, and of libraries."""
    found = [
        one
        for model in apps.get_models(include_auto_created=True)
        for one in (*_sealed(model), *_plain(model))
    ]
    return tuple(sorted(found, key=lambda one: (one.label, not one.is_sealed, one.field)))


def label_of(model: type[models.Model]) -> str:
    """Return what a model is called in the trail."""
    return model.seal_label if issubclass(model, SealedModel) else model._meta.label_lower


def _sealed(model: type[models.Model]) -> Iterator[Declared]:
    if issubclass(model, SealedModel):
        for field in shape_of(model).fields.values():
            own = Category.RESTRICTED if field.envelope == "restricted" else field.category
            yield Declared(
                model, label_of(model), field.name, field.purpose, field.level, True,
                own or model.category,
            )  # fmt: skip


def _plain(model: type[models.Model]) -> Iterator[Declared]:
    declared = plain_of(model)
    category = model.category if issubclass(model, SealedModel) else None
    for field in model._meta.concrete_fields:
        plain = declared.get(field.name)
        if plain is not None and not isinstance(field, EnvelopeField):
            yield Declared(
                model, label_of(model), field.name, plain.purpose, plain.level, False, category
            )


def plain_of(model: type[models.Model]) -> dict[str, Any]:
    """Return what a model declares about its readable columns."""
    found: dict[str, Any] = dict(library_fields.for_model(model) or {})
    for base in reversed(model.__mro__):
        found.update(getattr(base.__dict__.get("Privacy"), "plain", {}))
    return found


def check_purposes(**_options: Any) -> list[CheckMessage]:
    """Find fields whose purpose the register does not know (GDPR 5(1)(b), PIPL 6)."""
    keys = {one.key for one in shipped.PURPOSES}
    errors: list[CheckMessage] = [
        Error(f"{one.name} is kept for “{one.purpose}”, which no purpose covers", id="consent.E001")
        for one in fields()
        if one.purpose not in REGISTERED
    ]
    errors += [
        Error(f"“{purpose}” serves “{key}”, which is no purpose", id="consent.E002")
        for purpose, served in REGISTERED.items()
        for key in served
        if key not in keys
    ]
    return errors
