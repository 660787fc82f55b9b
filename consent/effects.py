"""What an event of consent starts: stop a campaign, delete a copy, tell a recipient.

An app registers its jobs at start-up; the worker runs each once, after the event is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Happened:
    """The event that started a job: whose, which purpose, which channel, what happened."""

    event_id: UUID
    patient_id: UUID
    purpose: str
    channel: str
    kind: str


Run = Callable[[Happened], object]


@dataclass(frozen=True, slots=True)
class Effect:
    """One job: what it is called on screens, after which kinds of event, for which purposes (none: all)."""

    key: str
    label: Promise | str
    run: Run
    kinds: frozenset[str]
    purposes: frozenset[str] = frozenset()

    def follows(self, kind: str, purpose: str) -> bool:
        """Tell whether this job follows an event."""
        return kind in self.kinds and (not self.purposes or purpose in self.purposes)


_registered: dict[str, Effect] = {}


def register(effect: Effect) -> None:
    """Add a job; raise ValueError where another one has its key."""
    if effect.key in _registered:
        raise ValueError(f"there is an effect {effect.key}")
    _registered[effect.key] = effect


def unregister(key: str) -> None:
    """Take a job out again, as tests do."""
    _registered.pop(key, None)


def registered() -> Mapping[str, Effect]:
    """Return every job by its key."""
    return dict(_registered)


def after(kind: str, purpose: str) -> Iterable[Effect]:
    """Return the jobs that follow an event, in the order of their keys."""
    return [one for _key, one in sorted(_registered.items()) if one.follows(kind, purpose)]
