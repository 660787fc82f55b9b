"""The one door through which every part of the product records what was done.

`audit` plugs its writer in at start-up; a missing writer is an error, not silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from django.db import models, transaction

from security import context

Outcome = Literal["success", "refused", "failed"]
ACTION = re.compile(r"^[a-z]+\.[a-z_]+\.[a-z_]+$")


class TrailNotInstalled(RuntimeError):
    """No writer is plugged in, so nothing may happen."""


class OutsideTransaction(RuntimeError):
    """A changed row was recorded outside the transaction that changed it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the recording code states it, before the writer adds place and time."""

    action: str
    outcome: Outcome
    subjects: tuple[UUID, ...]
    changed: tuple[models.Model, ...]
    deleted: tuple[models.Model, ...]
    obj: models.Model | None
    fields: tuple[str, ...]
    counts: Mapping[str, int]
    purpose: str
    basis: str
    actor: Any
    system: str
    on_behalf_of: UUID | None
    reason: str
    context: context.Context


class Writer(Protocol):
    """What audit plugs in: write one entry, its states and its pending row in one statement."""

    def __call__(self, entry: Entry) -> UUID:
        """Write the entry and return the event's id."""


_installed: list[Writer] = []


def install(writer: Writer) -> None:
    """Plug the writer in; the last one wins, so that tests can break it on purpose."""
    _installed.append(writer)


def uninstall(writer: Writer) -> None:
    """Take a writer out again."""
    _installed.remove(writer)


def record(  # noqa: PLR0913 - the one door states everything by name
    action: str,
    *,
    outcome: Outcome = "success",
    subjects: Iterable[UUID] = (),
    changed: Sequence[models.Model] = (),
    deleted: Sequence[models.Model] = (),
    obj: models.Model | None = None,
    fields: Iterable[str] = (),
    counts: Mapping[str, int] | None = None,
    purpose: str | None = None,
    basis: str | None = None,
    by: Any = None,
    on_behalf_of: UUID | None = None,
    reason: str = "",
) -> UUID:
    """Record one event in the caller's transaction and return its id (HIPAA 164.312(b), GDPR 5(2), PIPL 51).

    Field names and counts only, never values; `reason` is free text and is sealed by the writer.
    """
    if not _installed:
        raise TrailNotInstalled("no trail writer is installed")
    if not ACTION.match(action):
        raise ValueError(f"not an action name: {action}")
    if (changed or deleted) and not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction(action)
    here = context.current()
    entry = Entry(
        action=action,
        outcome=outcome,
        subjects=tuple(dict.fromkeys(subjects)),
        changed=tuple(changed),
        deleted=tuple(deleted),
        obj=obj,
        fields=tuple(sorted(set(fields))),
        counts=dict(counts or {}),
        purpose=here.purpose if purpose is None else purpose,
        basis=here.basis if basis is None else basis,
        actor=by if by is not None else here.actor,
        system=here.system,
        on_behalf_of=on_behalf_of or here.on_behalf_of,
        reason=reason,
        context=here,
    )
    return _installed[-1](entry)


def record_reads(here: context.Context) -> None:
    """Write what a request, task or command read as one event, and its broken seals as others.

    A person who reads the own account discloses nothing, so that is not an event.
    """
    own = getattr(here.actor, "pk", None)
    reads = {subject: set(read) for subject, read in here.reads.items() if read and subject != own}
    broken = sorted(here.broken, key=str)
    # Emptied in place: open rows hold on to the sets and may add to them again.
    for read in here.reads.values():
        read.clear()
    here.broken = set()
    if not reads and not broken:
        return
    with transaction.atomic():
        if reads:
            fields = set().union(*reads.values(), (f"source:{one}" for one in here.sources))
            record(
                "security.record.read",
                subjects=reads,
                fields=fields,
                counts={"subjects": len(reads)},
            )
        for label, row_id, envelope, subject in broken:
            names = [f"{label}:{envelope}:{row_id}"]
            record("security.seal.broken", outcome="failed", subjects=[subject], fields=names)


@contextmanager
def acting_for(
    *, actor: Any = None, system: str = "", purpose: str, request_id: UUID | None = None
) -> Iterator[context.Context]:
    """Enter the context of a task or command; its reads become one event when it leaves."""
    if actor is None and not system:
        raise ValueError("somebody acts: name an actor or a system")
    here = context.Context(actor=actor, system=system, purpose=purpose)
    if request_id is not None:
        here.request_id = request_id
    with context.enter(here):
        try:
            yield here
        finally:
            record_reads(here)
