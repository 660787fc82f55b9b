"""Which part of a record an event touched, in plain words, from the names of its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from audit import persons
from security.classification import Category, SubjectKind
from security.sealing.register import sealed_models
from security.sealing.shape import shape_of

RESTRICTED_LEVEL = 5


@cache
def _categories() -> Mapping[str, Category]:
    """Return the category of every sealed field and model, by the name the trail has for it."""
    found: dict[str, Category] = {}
    for model in sealed_models():
        found[model.seal_label] = model.category
        for field in shape_of(model).fields.values():
            is_restricted = field.level == RESTRICTED_LEVEL
            own = Category.RESTRICTED if is_restricted else field.category
            found[f"{model.seal_label}.{field.name}"] = own or model.category
    return found


def of(fields: Iterable[str]) -> list[str]:
    """Return the parts that these fields belong to, each once; unknown ones count as the record."""
    words, categories = persons.register().parts(), _categories()
    return sorted({str(_word(name, words, categories)) for name in fields})


def _word(
    name: str, words: Mapping[str, Promise], categories: Mapping[str, Category]
) -> Promise | str:
    label = ".".join(name.split(".")[:2])
    category = categories.get(name) or categories.get(label)
    if category is Category.RESTRICTED:
        return category.label
    found = words.get(name) or words.get(label)
    if found is not None:
        return found
    return category.label if category else _("Other parts")


@cache
def _of_patients() -> frozenset[str]:
    kinds = (model for model in sealed_models() if model.subject_kind is SubjectKind.PATIENT)
    return frozenset(model.seal_label for model in kinds)


def of_patients(fields: Iterable[str]) -> list[str]:
    """Return the parts of a patient's record alone; what else an event touched is left out."""
    return of(name for name in fields if ".".join(name.split(".")[:2]) in _of_patients())
