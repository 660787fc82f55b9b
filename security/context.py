"""What is happening now: who acts and why, which keys are open, and which sealed values were read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from security.ids import new_id

if TYPE_CHECKING:
    from security.sealing.keys import FreshKey, OpenKey

# A bulk scan that opens nothing must not make one later opening fetch a hundred thousand keys.
WANTED_KEYS_LIMIT = 4000


class NoContext(RuntimeError):
    """A sealed value was opened, or a deed recorded, outside a gate, a task or a command."""


@dataclass(slots=True)
class Context:
    """One request, task or command: its actor and purpose, its open keys, its reads."""

    actor: Any = None
    system: str = ""
    roles: tuple[str, ...] = ()
    purpose: str = ""
    basis: str = ""
    on_behalf_of: UUID | None = None
    request_id: UUID = field(default_factory=new_id)
    session_ref: str = ""
    # What belongs to this one session, however often its key changes; nothing else knows it.
    session_bond: str = ""
    device_ref: str = ""
    address: str = ""
    user_agent: str = ""
    route: str = ""
    # A request's context exists before its gate was passed; only the gate lets sealed values open.
    may_open: bool = True
    is_matching: bool = False
    # Keys by the 16 bytes of their ids, as envelopes carry them.
    keys: dict[bytes, OpenKey] = field(default_factory=dict)
    sealing_keys: dict[tuple[UUID, str], FreshKey] = field(default_factory=dict)
    wanted_keys: dict[bytes, None] = field(default_factory=dict)
    reads: dict[UUID, set[str]] = field(default_factory=dict)
    broken: set[tuple[str, UUID, str, UUID]] = field(default_factory=set)
    decisions: dict[Any, Any] = field(default_factory=dict)

    def want_key(self, key_id: bytes) -> None:
        """Remember that a loaded row is sealed under a key, so that one query fetches them all."""
        if key_id not in self.keys and len(self.wanted_keys) < WANTED_KEYS_LIMIT:
            self.wanted_keys[key_id] = None

    def reads_of(self, subject_id: UUID) -> set[str]:
        """Return the set that takes the names of the fields read of one person."""
        names = self.reads.get(subject_id)
        if names is None:
            names = self.reads[subject_id] = set()
        return names

    def note_read(self, subject_id: UUID, name: str) -> None:
        """Add a field name to what was read of one person; re-checking a hit is no read."""
        if not self.is_matching:
            self.reads_of(subject_id).add(name)

    def forget_keys(self) -> None:
        """Drop every opened key, between batches of long work."""
        self.keys.clear()
        self.sealing_keys.clear()
        self.wanted_keys.clear()

    def forget_decisions(self) -> None:
        """Drop memoised decisions after a deed that may change them."""
        self.decisions.clear()


_current: ContextVar[Context | None] = ContextVar("custodia_context", default=None)


def current() -> Context:
    """Return the context in force; raise NoContext outside a gate, task or command."""
    found = _current.get()
    if found is None:
        raise NoContext("no request, task or command is in force here")
    return found


def find() -> Context | None:
    """Return the context in force, or None."""
    return _current.get()


@contextmanager
def enter(context: Context) -> Iterator[Context]:
    """Put a context in force for a with-block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


@contextmanager
def matching() -> Iterator[None]:
    """Open rows only to re-check whether they match a search; what is not shown is no read."""
    here = current()
    before, here.is_matching = here.is_matching, True
    try:
        yield
    finally:
        here.is_matching = before
