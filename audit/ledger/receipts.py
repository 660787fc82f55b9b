"""Proofs from the stored tree: that an event stands in the ledger, that one head extends another."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection
from uuid import UUID

from audit.ledger.keys import trusted
from audit.models import Checkpoint, Leaf, Node
from audit.verifier import (
    RECEIPT,
    SPELLING,
    TILE,
    Bad,
    Frontier,
    Head,
    check_heads,
    check_receipt,
    node_hash,
)

# The root of a complete subtree: (height, number) -> hash.
Complete = Callable[[int, int], bytes]
HEIGHT = 8


class NotSealed(LookupError):
    """The event waits for the sealer, or there is no such event."""


class LedgerBroken(Exception):
    """The stored tree does not lead to the signed head: `manage.py verify_audit` tells where it broke."""


def receipt(event_id: UUID) -> str:
    """Return the receipt of one event as text: its entry, its path and the newest signed head.

    A person can check it offline with `audit/verifier.py` (GDPR 15, PIPL 45).
    """
    note, head = newest()
    leaf = Leaf.objects.filter(event_id=event_id, number__lt=head.size).first()
    if leaf is None:
        raise NotSealed(str(event_id))
    text = json.dumps(
        {
            "kind": RECEIPT,
            "leaf": base64.b64encode(bytes(leaf.content)).decode(),
            "proof": inclusion(leaf.number, head.size),
            "head": note,
        },
        **SPELLING,
    )
    try:
        check_receipt(text, trusted())
    except Bad as bad:
        raise LedgerBroken(str(bad)) from bad
    return text


def newest() -> tuple[str, Head]:
    """Return the newest signed head; raise NotSealed if there is none, LedgerBroken if it is not ours."""
    row = Checkpoint.objects.order_by("-number").first()
    if row is None:
        raise NotSealed("nothing was sealed yet")
    try:
        return row.note, Head.open(row.note, trusted())
    except Bad as bad:
        raise LedgerBroken(str(bad)) from bad


def sealed(event_ids: Collection[UUID]) -> set[UUID]:
    """Return which of some events stand in the ledger already."""
    return set(Leaf.objects.filter(event_id__in=event_ids).values_list("event_id", flat=True))


def inclusion(index: int, size: int) -> dict[str, str | int]:
    """Return the proof that an entry stands in the tree of some size; under 1 KB for four million entries."""
    path = inclusion_path(index, size, stored())
    return {"index": index, "size": size, "path": base64.b64encode(b"".join(path)).decode()}


def joint(old: Head, new: Head) -> str:
    """Return the proof that one head extends another, as a file for `audit/verifier.py`."""
    path = consistency_path(old.size, new.size, stored())
    try:
        check_heads(old, new, path)
    except Bad as bad:
        raise LedgerBroken(str(bad)) from bad
    return base64.b64encode(b"".join(path)).decode()


def stored() -> Complete:
    """Return what finds roots of complete subtrees in the database, each tile read once."""
    tiles: dict[tuple[int, int], list[bytes]] = {}

    def complete(height: int, number: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        first = number << above
        row = tiles.get((level, first // TILE))
        if row is None:
            row = tiles[level, first // TILE] = _tile(level, first // TILE)
        part = row[first % TILE : first % TILE + (1 << above)]
        if len(part) != 1 << above:
            raise LedgerBroken(f"a part of the tree is missing at level {level}, {first}")
        tree = Frontier()
        tree.extend(part)
        return tree.root()

    return complete


def _tile(level: int, number: int) -> list[bytes]:
    span = {"number__gte": number * TILE, "number__lt": (number + 1) * TILE}
    model = Node if level else Leaf
    rows = model.objects.filter(**span, **({"level": level} if level else {}))
    return [bytes(digest) for digest in rows.order_by("number").values_list("hash", flat=True)]


def _root(start: int, end: int, complete: Complete) -> bytes:
    """Return the root over the entries from one to another; the start is a multiple of its widest subtree."""
    width = end - start
    if width & (width - 1) == 0:
        height = width.bit_length() - 1
        return complete(height, start >> height)
    middle = start + _half(width)
    return node_hash(_root(start, middle, complete), _root(middle, end, complete))


def _half(width: int) -> int:
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_path(index: int, size: int, complete: Complete) -> list[bytes]:
    """Return the path of an entry (RFC 6962, 2.1.1)."""
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _half(end - start)
        if index < middle:
            path.append(_root(middle, end, complete))
            end = middle
        else:
            path.append(_root(start, middle, complete))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, complete: Complete) -> list[bytes]:
    """Return the path that joins two sizes of the tree (RFC 6962, 2.1.2)."""
    if old in {0, new}:
        return []
    start, end, path, is_whole = 0, new, [], True
    while old - start != end - start:
        middle = start + _half(end - start)
        if old <= middle:
            path.append(_root(middle, end, complete))
            end = middle
        else:
            path.append(_root(start, middle, complete))
            start, is_whole = middle, False
    if not is_whole:
        path.append(_root(start, end, complete))
    return path[::-1]
