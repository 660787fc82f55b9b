"""What differs between two versions of an entry, in the words of its form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms

from patients.forms.entries.entry import Entry
from patients.forms.versioned import worded
from patients.queries import wording


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a form, before and after."""

    label: str
    before: str
    after: str


def between(model: type[Entry]) -> Callable[[Any, Any], list[Change]]:
    """Return a comparison of two rows by what the form of their kind shows of them."""

    def compare(earlier: Any, later: Any) -> list[Change]:
        before, after = model.read(earlier), model.read(later)
        return [
            Change(
                str(field.label),
                _shown(field, before.get(name)),
                _shown(field, after.get(name)),
            )
            for name, field in model.base_fields.items()
            if (before.get(name) or "") != (after.get(name) or "")
        ]

    return compare


def _shown(field: forms.Field, value: Any) -> str:
    # Codes that no form offers have words nevertheless.
    if isinstance(field, forms.ChoiceField) and value in wording.STATUSES:
        return wording.status(value)["text"]
    return worded(field, value)
