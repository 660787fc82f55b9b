"""The registry of exports: each app names what may be taken out, by whom, and which columns it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise

from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User

Cells = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the trail and its heading for people."""

    key: str
    label: Promise


@dataclass(frozen=True, slots=True)
class Exporter:
    """One kind of export.

    `rows` yields the cells that this person may read for the purpose in force; it asks the decision itself.
    `form` takes what narrows it; `rows` gets what the form made of it.
    Data of patients leave only after a second person agreed. `asked_by` are the permissions of which a
    person needs one to ask for it.
    """

    key: str
    label: Promise
    sentence: Promise
    permission: Permission
    columns: Sequence[Column]
    rows: Callable[[User, Mapping[str, Any]], Iterable[Cells]]
    form: type[forms.Form] = forms.Form
    needs_approval: bool = True
    asked_by: Sequence[Permission] = (Permission.EXPORT_REQUEST,)
    # Raises Refused where it may not leave any more; asked at every step, at the last one as well.
    check: Callable[[User, Mapping[str, Any]], None] | None = None
    # Told in the transaction in which the file leaves, with its rows; such a file is given out once.
    left: Callable[[User, Mapping[str, Any], int], None] | None = None


exporters: dict[str, Exporter] = {}


def register(exporter: Exporter) -> None:
    """Add a kind of export; its key is unique."""
    if exporter.key in exporters:
        raise ValueError(f"two exports are called {exporter.key}")
    exporters[exporter.key] = exporter


def usable_by(user: User) -> list[Exporter]:
    """Return the exports that a person may ask for: the role exports it, and reads what is in it."""
    reached: dict[Permission, bool] = {}

    def reaches(permission: Permission) -> bool:
        if permission not in reached:
            reached[permission] = reach_of_user(user, permission) is not Reach.NONE
        return reached[permission]

    return [
        one
        for one in exporters.values()
        if reaches(one.permission) and any(reaches(asking) for asking in one.asked_by)
    ]


def find(key: str) -> Exporter:
    """Return an export by its key; raise KeyError."""
    return exporters[key]
