"""The writer of the trail: one statement stores an event, its states and its place in the queue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models

from audit import details, names
from audit.details import Detail, storable
from audit.ledger.urgency import is_urgent
from audit.models import Event
from security.ids import new_id
from security.sealing import SealedModel
from security.sealing.digest import state_digest
from security.trail import Entry

# Data-modifying parts of one statement run in one snapshot of the caller's transaction. Only what is urgent
# calls the sealer: commits with a notification wait for each other.
STATEMENT = """
WITH event AS (
    INSERT INTO audit_event (
        id, format, recorded_at, action, outcome, actor_id, actor_kind, system, roles, on_behalf_of,
        purpose, basis, subjects, object_label, object_id, fields, counts, session_ref, device_ref,
        request_id, route, detail
    ) VALUES (
        %(id)s, %(format)s, %(recorded_at)s, %(action)s, %(outcome)s, %(actor_id)s, %(actor_kind)s,
        %(system)s, %(roles)s::text[], %(on_behalf_of)s, %(purpose)s, %(basis)s,
        %(subjects)s::uuid[], %(object_label)s, %(object_id)s, %(fields)s::text[],
        %(counts)s::jsonb, %(session_ref)s, %(device_ref)s, %(request_id)s, %(route)s, %(detail)s
    )
), states AS (
    INSERT INTO audit_state (event_id, model, object_id, version, digest, deleted)
    SELECT %(id)s::uuid, * FROM unnest(
        %(models)s::text[], %(object_ids)s::uuid[], %(versions)s::bigint[],
        %(digests)s::bytea[], %(deleted)s::boolean[]
    )
), pending AS (
    INSERT INTO audit_pending (event_id) VALUES (%(id)s)
)
SELECT pg_notify('custodia_urgent', '') WHERE %(urgent)s
"""


class RowState(NamedTuple):
    """One row of audit_state before it is written."""

    model: str
    object_id: UUID
    version: int
    digest: bytes
    deleted: bool


def write(entry: Entry) -> UUID:
    """Write one entry in the caller's transaction and return the event's id (HIPAA 164.312(b))."""
    event_id = new_id()
    rows = states(entry)
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {
                "id": event_id,
                "format": Event._meta.get_field("format").get_default(),
                "recorded_at": datetime.now(UTC),
                "urgent": is_urgent(entry.action),
                **_what(entry),
                **_who(entry, event_id),
                "models": [row.model for row in rows],
                "object_ids": [row.object_id for row in rows],
                "versions": [row.version for row in rows],
                "digests": [row.digest for row in rows],
                "deleted": [row.deleted for row in rows],
            },
        )
    return event_id


def states(entry: Entry) -> list[RowState]:
    """Return the states of an entry's rows, each row once, as it was last named."""
    found = {}
    for row, deleted in _rows(entry):
        version = row.version if isinstance(row, SealedModel) else 0
        state = RowState(
            names.label_of(type(row)), names.id_of(row), version, state_digest(row), deleted
        )
        found[state.model, state.object_id] = state
    return list(found.values())


def _rows(entry: Entry) -> Iterable[tuple[models.Model, bool]]:
    for row in entry.changed:
        yield row, False
    for row in entry.deleted:
        yield row, True


def _what(entry: Entry) -> dict[str, Any]:
    counts = {storable(name): _whole(number) for name, number in entry.counts.items()}
    return {
        "action": entry.action,
        "outcome": entry.outcome,
        "purpose": storable(entry.purpose),
        "basis": storable(entry.basis),
        "subjects": list(entry.subjects),
        "object_label": names.label_of(type(entry.obj)) if entry.obj is not None else "",
        "object_id": names.id_of(entry.obj) if entry.obj is not None else None,
        "fields": [storable(name) for name in entry.fields],
        "counts": json.dumps(counts),
    }


def _whole(number: int) -> int:
    # A leaf holds 64 bits; what would not fit must fail here and not when the event is sealed.
    if not -(2**63) <= number < 2**63:
        raise OverflowError(f"{number} is no count")
    return int(number)


def _who(entry: Entry, event_id: UUID) -> dict[str, Any]:
    here = entry.context
    actor_id = getattr(entry.actor, "pk", None)
    is_own_context = actor_id == getattr(here.actor, "pk", None)
    detail = Detail(here.address, here.user_agent, entry.reason)
    return {
        "actor_id": actor_id,
        "actor_kind": _actor_kind(entry, actor_id),
        "system": storable(entry.system),
        "roles": [storable(role) for role in here.roles] if is_own_context else [],
        "on_behalf_of": entry.on_behalf_of,
        "session_ref": storable(here.session_ref),
        "device_ref": storable(here.device_ref),
        "request_id": here.request_id,
        "route": storable(here.route),
        "detail": details.seal(detail, event_id=event_id, actor_id=actor_id),
    }


def _actor_kind(entry: Entry, actor_id: UUID | None) -> str:
    if actor_id is not None:
        return str(entry.actor.kind)
    return Event.ActorKind.SYSTEM if entry.system else Event.ActorKind.VISITOR
