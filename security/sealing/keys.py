"""Data keys: one per subject and scope, wrapped by a root key, opened for one request or batch.

Plain SQL on `security_datakey`: the sealing layer stands below the models, and these two queries are on
the path of every page.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection, transaction

from security import context
from security.classification import Scope, SubjectKind
from security.ids import new_id
from security.sealing import keyring
from security.sealing.errors import KeyringError, StaleRecord

log = logging.getLogger(__name__)

# The subject of keys for data that belongs to nobody in particular, such as failed sign-ins.
SYSTEM_SUBJECT = UUID("00000000-0000-7000-8000-000000000001")


@dataclass(frozen=True, slots=True)
class OpenKey:
    """An unwrapped data key and whose data it opens now (a merge moves keys to the survivor)."""

    id: UUID
    subject_id: UUID
    scope: str
    cipher: AESGCM


def wrap_context(key_id: UUID, created_for: UUID, scope: str, kek_version: int) -> bytes:
    """Return the associated data of a wrapped key: id, subject at creation, scope, root version."""
    name = scope.encode()
    parts = (
        b"custodia data key 1",
        key_id.bytes,
        created_for.bytes,
        len(name).to_bytes(4, "big"),
        name,
    )
    return b"".join((*parts, kek_version.to_bytes(4, "big")))


def wrap(raw: bytes, *, key_id: UUID, created_for: UUID, scope: str) -> tuple[int, bytes]:
    """Wrap a data key under the primary root key; return the root's version and the wrapped bytes."""
    ring = keyring.installed()
    nonce = os.urandom(12)
    bound = wrap_context(key_id, created_for, scope, ring.primary)
    return ring.primary, nonce + ring.root(ring.primary).encrypt(nonce, raw, bound)


def unwrap(
    wrapped: bytes, *, key_id: UUID, created_for: UUID, scope: str, kek_version: int
) -> bytes:
    """Unwrap a data key; raise KeyringError when the root key is not the one that wrapped it."""
    bound = wrap_context(key_id, created_for, scope, kek_version)
    try:
        return keyring.installed().root(kek_version).decrypt(wrapped[:12], wrapped[12:], bound)
    except (InvalidTag, ValueError):
        raise KeyringError(f"data key {key_id} does not open with root key {kek_version}") from None


def opened(key_id: bytes) -> OpenKey | None:
    """Return an opened key of this context, fetching it and all keys wanted so far in one query.

    `key_id` is the 16 bytes of its id; None when the key is unknown or was destroyed.
    """
    here = context.current()
    if not here.may_open:
        raise context.NoContext("the gate of this request was not passed")
    found = here.keys.get(key_id)
    if found is not None:
        return found
    _fetch(here, {key_id: None} | here.wanted_keys)
    here.wanted_keys.clear()
    return here.keys.get(key_id)


def opened_again(key_id: bytes) -> OpenKey | None:
    """Return a key as it is stored now: a merge may have moved it since this context opened it."""
    context.current().keys.pop(key_id, None)
    return opened(key_id)


_COLUMNS = "id, subject_id, created_for, scope, kek_version, wrapped"


_INSERT = (
    "INSERT INTO security_datakey (id, subject_id, created_for, subject_kind, scope, kek_version,"
    " wrapped, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, statement_timestamp())"
    " ON CONFLICT (created_for, subject_kind, scope) WHERE destroyed_at IS NULL DO NOTHING"
)


def _fetch(here: context.Context, key_ids: Iterable[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM security_datakey WHERE id = ANY(%s::uuid[]) AND destroyed_at IS NULL",  # noqa: S608
            [[key_id.hex() for key_id in key_ids]],
        )
        for row in cursor.fetchall():
            try:
                key = here.keys[row[0].bytes] = _open_row(*row)
                if row[1] == row[2]:
                    # Not one that came by a merge: what is sealed next for this subject uses it too.
                    here.sealing_keys.setdefault((key.subject_id, key.scope), FreshKey(key, True))
            except KeyringError as error:
                # A forged key row breaks the seals under it and nothing else on the page.
                log.error("%s", error)


def _open_row(
    key_id: UUID, subject_id: UUID, created_for: UUID, scope: str, version: int, wrapped: bytes
) -> OpenKey:
    raw = unwrap(
        bytes(wrapped), key_id=key_id, created_for=created_for, scope=scope, kek_version=version
    )
    return OpenKey(key_id, subject_id, scope, AESGCM(raw))


@dataclass(slots=True)
class FreshKey:
    """A key made in a transaction that may still be rolled back; it must not outlive a rollback."""

    key: OpenKey
    is_committed: bool = False

    def commit(self) -> None:
        """Note that the row of the key is there to stay."""
        self.is_committed = True

    def is_stored(self) -> bool:
        """Tell whether the key's row exists: Django drops the callbacks of what it rolls back."""
        return self.is_committed or any(call[1] == self.commit for call in connection.run_on_commit)


def for_sealing(
    subject_id: UUID, *, kind: SubjectKind, scope: Scope, before_gate: bool = False
) -> OpenKey:
    """Return the key to seal a subject's data of one scope with, made on its first use.

    Before its gate a request seals nothing but the details of what the trail records (`before_gate`).
    """
    here = context.current()
    if not (here.may_open or before_gate):
        raise context.NoContext("the gate of this request was not passed")
    known = here.sealing_keys.get((subject_id, scope))
    if known is not None and known.is_stored():
        return known.key
    row = _find(subject_id, kind=kind, scope=scope)
    if row is not None and row[1] != subject_id:
        # Merged into another record meanwhile: what is written for this one now would never open.
        raise StaleRecord(f"the keys of {subject_id} moved to another record")
    fresh = FreshKey(
        _open_row(*(row or _insert(subject_id, kind=kind, scope=scope))), row is not None
    )
    if row is None:
        transaction.on_commit(fresh.commit)
    here.keys[fresh.key.id.bytes] = fresh.key
    here.sealing_keys[subject_id, scope] = fresh
    return fresh.key


def move(*, from_id: UUID, to_id: UUID, kind: SubjectKind) -> None:
    """Let every key of one subject open for another one: two records are one person's.

    What either was told, allowed and asked for is kept apart, and so are the keys of it.
    """
    _repoint(
        "UPDATE security_datakey SET subject_id = %s WHERE subject_id = %s"  # noqa: S608
        f" AND scope <> '{Scope.CONSENT}'",
        to_id,
        from_id,
        kind,
    )


def adopt(
    *, from_id: UUID, from_kind: SubjectKind, to_id: UUID, to_kind: SubjectKind
) -> list[UUID]:
    """Let the keys of somebody of one kind open for somebody of another, one person; return their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE security_datakey SET subject_id = %s, subject_kind = %s"
            " WHERE subject_id = %s AND subject_kind = %s AND destroyed_at IS NULL RETURNING id",
            [to_id, to_kind, from_id, from_kind],
        )
        ids = sorted(row[0] for row in cursor.fetchall())
    # What was opened so far says whose it was before.
    context.current().forget_keys()
    return ids


def give_back(*, created_for: UUID, kind: SubjectKind) -> set[bytes]:
    """Let the keys that were made for a subject open for it alone again; return the bytes of their ids."""
    statement = "UPDATE security_datakey SET subject_id = %s WHERE created_for = %s"
    return _repoint(statement, created_for, created_for, kind)


def destroy(*, subject_ids: Iterable[UUID], kind: SubjectKind, scopes: Iterable[str]) -> list[UUID]:
    """Destroy every key of some subjects and scopes, for good; return the ids of those that were in force.

    What they sealed opens nowhere from now on but with a copy of the keys in a backup, while there is one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE security_datakey SET wrapped = NULL, destroyed_at = statement_timestamp()"
            " WHERE (subject_id = ANY(%(subjects)s) OR created_for = ANY(%(subjects)s))"
            " AND subject_kind = %(kind)s AND scope = ANY(%(scopes)s) AND destroyed_at IS NULL"
            " RETURNING id",
            {"subjects": list(subject_ids), "kind": kind, "scopes": list(map(str, scopes))},
        )
        ids = sorted(row[0] for row in cursor.fetchall())
    # What was opened so far would still open here.
    context.current().forget_keys()
    return ids


def destroyed(
    *, subject_ids: Iterable[UUID], kind: SubjectKind, scopes: Iterable[str]
) -> list[UUID]:
    """Return the ids of the keys of some subjects and scopes that are gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM security_datakey WHERE subject_id = ANY(%s) AND subject_kind = %s"
            " AND scope = ANY(%s) AND destroyed_at IS NOT NULL ORDER BY id",
            [list(subject_ids), kind, list(map(str, scopes))],
        )
        return [row[0] for row in cursor.fetchall()]


def in_force(*, subject_ids: Iterable[UUID], kind: SubjectKind) -> dict[str, list[UUID]]:
    """Return the ids of the keys of some subjects that open something now, by scope."""
    found: dict[str, list[UUID]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT scope, id FROM security_datakey WHERE subject_id = ANY(%s) AND subject_kind = %s"
            " AND destroyed_at IS NULL ORDER BY scope, id",
            [list(subject_ids), kind],
        )
        for scope, key_id in cursor.fetchall():
            found.setdefault(scope, []).append(key_id)
    return found


def _repoint(statement: str, to_id: UUID, of_id: UUID, kind: SubjectKind) -> set[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} AND subject_kind = %s RETURNING id", [to_id, of_id, kind])
        ids = {row[0].bytes for row in cursor.fetchall()}
    # What was opened so far says whose it was before.
    context.current().forget_keys()
    return ids


def prepare(subject_ids: Sequence[UUID], *, kind: SubjectKind, scope: Scope) -> None:
    """Make and open the keys of many subjects with two queries, before a batch of them is sealed."""
    here = context.current()
    rows: list[Any] = []
    for subject_id in subject_ids:
        key_id = new_id()
        version, wrapped = wrap(os.urandom(32), key_id=key_id, created_for=subject_id, scope=scope)
        rows.append((key_id, subject_id, subject_id, kind, scope, version, wrapped))
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
        cursor.execute(
            f"SELECT {_COLUMNS} FROM security_datakey WHERE created_for = ANY(%s)"  # noqa: S608
            " AND subject_kind = %s AND scope = %s AND destroyed_at IS NULL",
            [list(subject_ids), kind, scope],
        )
        for row in cursor.fetchall():
            fresh = FreshKey(_open_row(*row))
            transaction.on_commit(fresh.commit)
            here.keys[fresh.key.id.bytes] = fresh.key
            here.sealing_keys[fresh.key.subject_id, scope] = fresh


def _find(subject_id: UUID, *, kind: SubjectKind, scope: Scope) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM security_datakey WHERE created_for = %s AND subject_kind = %s"  # noqa: S608
            " AND scope = %s AND destroyed_at IS NULL",
            [subject_id, kind, scope],
        )
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _was_erased(subject_id: UUID, kind: SubjectKind) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM security_datakey WHERE created_for = %s AND subject_kind = %s"
            " AND scope = %s AND destroyed_at IS NOT NULL)",
            [subject_id, kind, Scope.RECORD],
        )
        return bool(cursor.fetchone()[0])


def _insert(subject_id: UUID, *, kind: SubjectKind, scope: Scope) -> tuple[Any, ...]:
    if scope == Scope.RECORD and _was_erased(subject_id, kind):
        # Somebody still writes about a person whose record is no more: it must not begin anew in silence.
        raise StaleRecord(f"the record of {subject_id} was erased")
    key_id = new_id()
    version, wrapped = wrap(os.urandom(32), key_id=key_id, created_for=subject_id, scope=scope)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [key_id, subject_id, subject_id, kind, scope, version, wrapped],
        )
    row = _find(subject_id, kind=kind, scope=scope)
    if row is None:
        raise KeyringError(f"no data key could be stored for {subject_id}")
    return row
