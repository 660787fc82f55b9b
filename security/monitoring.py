"""The rules that watch the trail, as data: each app registers those it has the knowledge for.

A rule is set-based: it looks at a batch of events with a constant number of queries and says what it
found, by ids alone. Audit runs the rules, raises the alerts and lets the responses happen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Protocol
from uuid import UUID

from django.utils.functional import Promise


class Response(StrEnum):
    """What happens when a rule finds something, from the mildest on."""

    NOTE = "note"
    ALERT = "alert"
    STEP_UP = "step_up"
    THROTTLE = "throttle"
    SUSPEND = "suspend"


class Seen(NamedTuple):
    """One event, as rules see it."""

    id: UUID
    at: datetime
    action: str
    outcome: str
    actor_id: UUID | None
    actor_kind: str
    roles: Sequence[str]
    purpose: str
    basis: str
    subjects: Sequence[UUID]
    object_id: UUID | None
    fields: Sequence[str]
    counts: Mapping[str, int]
    device_ref: str
    request_id: UUID


class Access(NamedTuple):
    """A patient's record opened by a colleague in a request; `ground` is empty if nothing explains it."""

    request_id: UUID
    event_id: UUID
    actor_id: UUID
    subject_id: UUID
    at: datetime
    role: str
    basis: str
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found; `key` makes a second finding of the same thing the same alert."""

    actor_id: UUID | None
    at: datetime
    events: Sequence[UUID]
    subjects: Sequence[UUID] = ()
    key: str = ""
    count: int = 1
    response: Response | None = None


class Batch(Protocol):
    """Events to be looked at, what of them are accesses, and what went before."""

    @property
    def events(self) -> Sequence[Seen]:
        """Return the events, the oldest first."""

    @property
    def accesses(self) -> Sequence[Access]:
        """Return the accesses to patients among them, the oldest first."""

    @cached_property
    def unexplained(self) -> Sequence[Access]:
        """Return the accesses that nothing explains."""

    @property
    def until(self) -> datetime:
        """Return the time of the newest event."""

    def history(
        self, actors: Collection[UUID], window: timedelta, *, unexplained: bool = False
    ) -> Mapping[UUID, Sequence[Access]]:
        """Return the accesses of some people in a window before the batch and in it, the oldest first."""

    def of_subjects(
        self, subjects: Collection[UUID], window: timedelta
    ) -> Mapping[UUID, Sequence[Access]]:
        """Return the unexplained accesses to some patients in a window before the batch and in it."""

    def deeds(
        self, actors: Collection[UUID], actions: Collection[str], window: timedelta
    ) -> Mapping[UUID, Sequence[Seen]]:
        """Return events of some people and actions in a window before the batch and in it."""

    def last_before(self, actors: Collection[UUID], window: timedelta) -> Mapping[UUID, datetime]:
        """Return when some people were last seen before the window before the batch."""

    def told_about(self, people: Collection[UUID], action: str) -> Mapping[UUID, datetime]:
        """Return when an action was last recorded about some people, up to the end of the batch."""

    def first_of_devices(
        self, pairs: Collection[tuple[UUID, str]]
    ) -> Mapping[tuple[UUID, str], datetime]:
        """Return when people first came with a browser, where they had come with another before."""

    def usual(self, window: timedelta, role: str, *, per: str) -> float:
        """Return what is much for a role: mean and three deviations of its people (see `Per`)."""

    def is_off_hours(self, access: Access) -> bool:
        """Tell whether an access lies at night, outside the hours its person usually works."""


Find = Callable[[Batch, "Rule"], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it is called, from what number on and within what time it speaks, and what follows."""

    key: str
    words: Promise
    why: Promise
    threshold: float
    window: timedelta
    weight: float
    response: Response
    find: Find
    # Off hours double the weight of what is doubtful already.
    is_doubled: bool = True

    def with_threshold(self, threshold: float | None) -> Rule:
        """Return the rule with another threshold."""
        return self if threshold is None else replace(self, threshold=threshold)

    def doubled(self) -> Rule:
        """Return the rule of twice the weight."""
        return replace(self, weight=2 * self.weight)

    @property
    def order(self) -> tuple[int, str]:
        """Return what sorts rules by their number."""
        figures = "".join(char for char in self.key if char.isdigit())
        return int(figures or 0), self.key


rules: dict[str, Rule] = {}
# More of the same rule, where a second app knows a part of it.
further: dict[str, list[Find]] = {}

# Who explains accesses: returns the ground of each access that has one, by request.
Explain = Callable[[Sequence[Access]], Mapping[UUID, str]]
explainers: list[Explain] = []

# Who tells which ids are patients.
Known = Callable[[Collection[UUID]], set[UUID]]
knowers: list[Known] = []


class AlreadyRegistered(ValueError):
    """Two rules would bear one key."""


def rule(  # noqa: PLR0913 - a rule states everything by name
    key: str,
    *,
    words: Promise,
    why: Promise,
    threshold: float,
    window: timedelta,
    weight: float,
    response: Response,
    is_doubled: bool = True,
) -> Callable[[Find], Find]:
    """Register a rule."""

    def register(find: Find) -> Find:
        if key in rules:
            raise AlreadyRegistered(key)
        rules[key] = Rule(key, words, why, threshold, window, weight, response, find, is_doubled)
        return find

    return register


def also(key: str) -> Callable[[Find], Find]:
    """Register a further way to find what a rule of another app is about."""

    def register(find: Find) -> Find:
        further.setdefault(key, []).append(find)
        return find

    return register


def explainer(explain: Explain) -> Explain:
    """Register what explains accesses."""
    explainers.append(explain)
    return explain


def knower(known: Known) -> Known:
    """Register what tells which ids are patients."""
    knowers.append(known)
    return known
