"""Certificates of destruction: what, when, agreed to by whom, which keys, and when the last copy is gone.

Signed with a key that the keyring gives, so that the clinic's public key is all that a reader needs. Ids and
counts alone: whoever is named by nothing in it stays so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from consent.models import Erasure
from consent.queries.erasure_plans import ERASE, STORE
from security import trail
from security.backups import erasures as ledger
from security.classification import Scope, SubjectKind
from security.models import User
from security.sealing import keyring, keys

FORMAT = 1
PURPOSE = "certificate of destruction"
State = Erasure.State


def finish(*, erasure_id: UUID) -> Erasure:
    """Certify an erasure whose steps are all done; the ledger hears of it when that is stored."""
    row = _certified(erasure_id)
    ledger.append(ledger.DONE, erasure=row.pk, certificate=row.number)
    return row


@transaction.atomic
def _certified(erasure_id: UUID) -> Erasure:
    row: Erasure = Erasure.objects.select_for_update(of=("self",)).get(pk=erasure_id)
    if row.state == State.DONE:
        return row
    row.state, row.ended_at = State.DONE, timezone.now()
    row.certificate = signed(content(row))
    row.advance()
    row.save()
    trail.record(
        "consent.erasure.finished",
        subjects=[UUID(one) for one in row.plan["subjects"]],
        changed=[row],
        obj=row,
        fields=[f"sha256:{row.plan_sha256}"],
        counts={"rows": row.rows_done, "files": row.files_done},
    )
    return row


def settle() -> int:
    """Tell the ledger what became of intents when a process ended: done, or given up; return how many."""
    if not ledger.path().exists():
        return 0
    lines = ledger.read(ledger.path())
    told = {line.erasure for line in lines if line.kind == ledger.DONE}
    open_ = {UUID(line.erasure) for line in ledger.to_do(lines) if line.erasure not in told}
    over = Erasure.objects.filter(pk__in=open_, state__in=(State.DONE, State.GIVEN_UP))
    for row in over:
        kind = ledger.DONE if row.state == State.DONE else ledger.GIVEN_UP
        ledger.append(kind, erasure=row.pk, certificate=row.number)
    return len(over)


def content(row: Erasure) -> dict[str, Any]:
    """Return what a certificate says."""
    ended = row.ended_at or timezone.now()
    subjects = [UUID(one) for one in row.plan["subjects"]]
    erased = [one for one in row.plan["scopes"] if one["action"] == ERASE]
    scopes = [one["scope"] for one in erased] if row.subject_of == SubjectKind.PATIENT else Scope
    gone = keys.destroyed(subject_ids=subjects, kind=SubjectKind(row.subject_of), scopes=scopes)
    approvals = row.approvals.order_by("approved_at").select_related("approved_by")
    planner: User | None = row.planned_by
    return {
        "format": FORMAT,
        "number": row.number,
        "erasure": str(row.pk),
        "subjects": row.plan["subjects"],
        "subject_of": row.subject_of,
        "origin": row.origin,
        "request": row.request.number if row.request else "",
        "planned": _agreed(planner, row.planned_at),
        "approved": [_agreed(one.approved_by, one.approved_at) for one in approvals],
        "finished_at": ended.isoformat(),
        "erased": erased,
        "stored": [one for one in row.plan["scopes"] if one["action"] == STORE],
        "loose": row.plan["loose"],
        "rows": row.rows_done,
        "files": row.files_done,
        "keys": [str(one) for one in gone],
        "plan_sha256": row.plan_sha256,
        "last_copy": _last_copy(ended) if gone else {},
    }


def _agreed(user: User | None, at: Any) -> dict[str, str]:
    # The handle is what stays of a colleague's account when it is erased in its turn.
    return {"id": str(user.pk), "handle": user.handle, "at": at.isoformat()} if user else {}


def _last_copy(ended: Any) -> dict[str, str]:
    """Return when the last backup is gone that holds the keys, and the last that holds the rows."""
    if not settings.BACKUP_DIR:
        return {}
    days = {"keys": settings.BACKUP_KEYS_DAYS, "records": settings.BACKUP_DAYS}
    today = timezone.localdate(ended)
    # A day more: sets are deleted when the next one is made.
    return {name: (today + timedelta(days=count + 1)).isoformat() for name, count in days.items()}


def _private(version: int) -> Ed25519PrivateKey:
    seed = keyring.index_digest(PURPOSE, "signing key", version=version)
    return Ed25519PrivateKey.from_private_bytes(seed)


def _text(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signed(said: dict[str, Any]) -> dict[str, Any]:
    """Return a certificate with the public key and the signature over its canonical text."""
    version = keyring.installed().index_primary
    key = _private(version)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    said = said | {"key_version": version, "public_key": public}
    return said | {"signature": base64.b64encode(key.sign(_text(said))).decode()}


def is_genuine(certificate: Mapping[str, Any]) -> bool:
    """Tell whether a certificate was signed by this clinic's keyring and says what was signed."""
    said = {name: value for name, value in certificate.items() if name != "signature"}
    try:
        own = _private(int(said["key_version"])).public_key().public_bytes_raw()
        signature = base64.b64decode(certificate["signature"])
        public = base64.b64decode(said["public_key"])
        Ed25519PublicKey.from_public_bytes(own).verify(signature, _text(said))
    except (InvalidSignature, KeyError, ValueError, TypeError):
        return False
    return public == own


@transaction.atomic
def give_out(*, erasure: Erasure, form: str, by: User) -> None:
    """Record that a certificate leaves as a file, before its first byte does."""
    trail.record(
        "consent.certificate.taken",
        subjects=[UUID(one) for one in erasure.plan["subjects"]],
        obj=erasure,
        fields=[f"form:{form}"],
        by=by,
    )
