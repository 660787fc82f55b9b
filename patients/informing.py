"""What a person is told before anything is kept about the person; a higher app knows the notices.

The app that keeps the notices installs what it knows at start-up; without one nothing is to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security.access.gate import Refused
from security.models import User


class NotInformed(Refused):
    """Nothing is kept of a person who was told of no notice, but in an emergency (PIPL 17, 18; GDPR 13)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One notice in force: what it is called, where it can be read, in which words."""

    id: UUID
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Told:
    """How a person was told, in which language, and whether that was acknowledged in writing."""

    way: str
    language: str
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Informer:
    """What the keeper of the notices answers and writes down."""

    in_force: Callable[[], Sequence[Shown]]
    ways: Sequence[tuple[str, Promise]]
    tell: Callable[[UUID, Told, User], None]


_installed: list[Informer] = []


def install(informer: Informer) -> None:
    """Plug the informer in; the last one wins."""
    _installed.append(informer)


def in_force() -> Sequence[Shown]:
    """Return the notices that a person is told of before the first save; none where none is published."""
    return _installed[-1].in_force() if _installed else ()


def ways() -> Sequence[tuple[str, Promise]]:
    """Return the ways in which a person may have been told."""
    return _installed[-1].ways if _installed else ()


def require(told: Told | None) -> None:
    """Raise NotInformed where there is a notice and it is not said how the person was told."""
    if told is None and in_force():
        raise NotInformed(
            _("First show the person the privacy notice, or say that it is an emergency.")
        )
    if told is not None and told.way not in {key for key, _label in ways()}:
        raise NotInformed(_("Say how the person was told of the privacy notice."))


def tell(patient_id: UUID, told: Told | None, *, by: User) -> None:
    """Write down that a person was told, in the transaction of the deed that keeps the person."""
    if told is not None and _installed:
        _installed[-1].tell(patient_id, told, by)
