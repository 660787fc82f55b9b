"""What of an event is sealed: the address, the user agent and the free-text reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from security import context
from security.sealing import Scope, SealBroken, SubjectKind, envelope, keys
from security.sealing.envelope import Place

LABEL = "audit.event"
ENVELOPE = "detail"
VERSION = 1
USER_AGENT_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Detail:
    """The sealed part of one event."""

    address: str = ""
    user_agent: str = ""
    reason: str = ""


def storable(text: str) -> str:
    """Return a text that UTF-8 and PostgreSQL take: NUL and lone surrogates become U+FFFD."""
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return joined.replace("\x00", "\ufffd")


def owner_of(actor_id: UUID | None) -> tuple[UUID, SubjectKind]:
    """Return whose key seals the details of what an actor does."""
    if actor_id is None:
        return keys.SYSTEM_SUBJECT, SubjectKind.SYSTEM
    return actor_id, SubjectKind.USER


def seal(detail: Detail, *, event_id: UUID, actor_id: UUID | None) -> bytes:
    """Seal a detail under the actor's own key, the system's where there is no actor."""
    subject_id, kind = owner_of(actor_id)
    key = keys.for_sealing(subject_id, kind=kind, scope=Scope.RECORD, before_gate=True)
    values = {name: storable(text) for name, text in asdict(detail).items()}
    values["user_agent"] = values["user_agent"][:USER_AGENT_LIMIT]
    place = Place(LABEL, ENVELOPE, event_id, VERSION)
    return envelope.seal(values, key=key.cipher, key_id=key.id, place=place)


def opened(blob: bytes, *, event_id: UUID, actor_id: UUID | None) -> Detail:
    """Open an event's detail and note the read; raise SealBroken if it is not that event's."""
    subject_id, _ = owner_of(actor_id)
    context.current().note_read(subject_id, f"{LABEL}.{ENVELOPE}")
    key_id = envelope.key_bytes_of(blob)
    key = keys.opened(key_id) if key_id else None
    if key is None:
        raise SealBroken(LABEL, ENVELOPE, "its key is gone")
    if key.subject_id != subject_id or key.scope != Scope.RECORD:
        raise SealBroken(LABEL, ENVELOPE, "sealed for somebody or something else")
    place = Place(LABEL, ENVELOPE, event_id, VERSION)
    return Detail(**envelope.unseal(blob, key=key.cipher, place=place))
