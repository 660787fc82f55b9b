"""The registry of importers: each app names what can be brought in, by whom, and which columns it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from patients.imports import cells
from patients.imports.faults import Fault
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User
from security.sealing.index import SearchIndex
from security.sealing.rows import SealedModel


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an importer: its name, how its cells are read, and what others call it."""

    key: str
    label: Promise
    read: cells.Read = cells.text
    is_required: bool = False
    example: str = ""
    # Headings by which it is matched, in any language, folded.
    synonyms: str = ""


@dataclass(slots=True)
class Line:
    """One row on its way: what its cells say and what is wrong with it."""

    number: int
    said: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_bad(self) -> bool:
        """Tell whether the row can not be imported."""
        return any(not fault.is_warning for fault in self.faults)

    def refuse(self, code: str, column: str = "") -> None:
        """Note why the row is not imported."""
        self.faults.append(Fault(code, column))


@dataclass(slots=True)
class Plan:
    """What some rows would change: new records, records that say something new, and the rest."""

    created: list[Any] = field(default_factory=list)
    changed: list[tuple[Any, Mapping[str, Any]]] = field(default_factory=list)
    unchanged: int = 0
    # The line behind each new or known record, where later lines may mean the same.
    known: dict[int, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of file.

    `plan` compares good lines with what is here and notes faults on them; it writes nothing. A person needs
    every one of `permissions` for everybody, since a file may be about anybody.
    """

    key: str
    label: Promise
    sentence: Promise
    icon: str
    model: type[SealedModel]
    permissions: tuple[Permission, ...]
    columns: tuple[Column, ...]
    plan: Callable[[Sequence[Line]], Plan]
    # The column by which a row is recognised when it comes again.
    identity: str
    # Of each group one column has to be matched.
    one_of: tuple[tuple[str, ...], ...] = ()
    index: type[SearchIndex] | None = None
    # What reading the uploaded cells again takes, in the list of what was wrong.
    reading: tuple[Permission, ...] = ()
    # What goes with new rows before they are written, and what ends before an undo removes them.
    arriving: Callable[[Sequence[Any]], None] | None = None
    leaving: Callable[[Sequence[Any]], None] | None = None
    # Columns that pages mask: nobody but who uploaded the file is shown their cells.
    masked: tuple[str, ...] = ()

    def column(self, key: str) -> Column | None:
        """Return a column by its key."""
        return next((one for one in self.columns if one.key == key), None)


importers: dict[str, Importer] = {}


def register(importer: Importer) -> None:
    """Add an importer; its key is unique."""
    if importer.key in importers:
        raise ValueError(f"two importers are called {importer.key}")
    importers[importer.key] = importer


def may_use(user: User, importer: Importer) -> bool:
    """Tell whether a person may import this, about anybody."""
    return all(reach_of_user(user, one) is Reach.ALL for one in importer.permissions)


def may_read(user: User, importer: Importer) -> bool:
    """Tell whether a person may read the uploaded cells again."""
    return all(reach_of_user(user, one) is Reach.ALL for one in importer.reading)


def usable_by(user: User) -> list[Importer]:
    """Return the importers that a person may use."""
    return [one for one in importers.values() if may_use(user, one)]


def permissions() -> set[Permission]:
    """Return every permission that some importer asks for."""
    return {one for importer in importers.values() for one in importer.permissions}
