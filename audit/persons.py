"""What the trail does not know of the people in it: names, heirs, families. A higher app says it.

The app that keeps the patients installs its register at start-up; a missing one is an error, not silence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise

from security.models import User


class NoRegister(RuntimeError):
    """No app said who the patients are, so nobody can be named and nobody let in."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A patient as one reader may see the person: by name, masked, or not at all."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """What was said when a glass was broken; the reason is None where it can not be opened."""

    kind: str
    reason: str | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Addressee:
    """A patient as an envelope names the person in each language, and the own one; opened, and so read."""

    names: Mapping[str, str]
    lines: Sequence[str]
    language: str


@dataclass(frozen=True, slots=True)
class Register:
    """What the keeper of the patients answers; each answer about many takes a constant number of queries."""

    # Where a record is kept now, for each of these ids that is a patient's.
    heirs: Callable[[Collection[UUID]], Mapping[UUID, UUID]]
    # The records that were merged into one, itself included.
    former: Callable[[UUID], Collection[UUID]]
    # How a reader sees patients; who may not be known of has no entry.
    shown: Callable[[User, Collection[UUID]], Mapping[UUID, Shown]]
    # The name behind a pseudonym, in the clear or masked; opened, and so read.
    name: Callable[[UUID, bool], str]
    # Which of these people must stay out of which records: the own one, and close family's.
    kept_from: Callable[[Collection[UUID], Collection[UUID]], Collection[tuple[UUID, UUID]]]
    let_in: Callable[[User, Collection[UUID], User], None]
    let_out: Callable[[User, Collection[UUID], User], None]
    # The account by which a patient is reached.
    account_of: Callable[[UUID], User | None]
    emergency: Callable[[UUID], Emergency | None]
    # Where a letter to a patient goes; nothing where nobody knows the person.
    addressee: Callable[[UUID], Addressee | None]
    # What the sealed models are called for patients, by their labels.
    parts: Callable[[], Mapping[str, Promise]]


_installed: list[Register] = []


def install(register: Register) -> None:
    """Plug the register in; the last one wins."""
    _installed.append(register)


def register() -> Register:
    """Return the register in force; raise NoRegister."""
    if not _installed:
        raise NoRegister("no register of persons is installed")
    return _installed[-1]


def pseudonym(subject_id: UUID) -> str:
    """Return the short form under which pages show somebody whom they do not name."""
    return str(subject_id)[-12:]
