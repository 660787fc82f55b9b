"""Envelopes that go to another key and stay where they are: same row, same version, same content."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from security.classification import Scope, SubjectKind
from security.sealing import envelope, keys
from security.sealing.envelope import Place
from security.sealing.errors import SealBroken


def rekeyed(
    blob: bytes, *, place: Place, scope: Scope, subject_id: UUID, own_keys: Collection[bytes]
) -> bytes | None:
    """Return an envelope sealed anew with a patient's own key; None where one of them sealed it already."""
    key_id = envelope.key_bytes_of(blob)
    if key_id is None:
        raise SealBroken(place.label, place.envelope, "not an envelope")
    if key_id in own_keys:
        return None
    found = keys.opened(key_id)
    if found is None:
        raise SealBroken(place.label, place.envelope, "its key is gone")
    values = envelope.unseal(blob, key=found.cipher, place=place)
    scope = Scope.RESTRICTED if place.envelope == "restricted" else scope
    key = keys.for_sealing(subject_id, kind=SubjectKind.PATIENT, scope=scope)
    return envelope.seal(values, key=key.cipher, key_id=key.id, place=place)
