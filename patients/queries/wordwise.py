"""What changed between two texts, word by word; Chinese, which has no spaces, character by character."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

# The space after a word goes with it: alone it would match everywhere.
TOKEN = re.compile(r"[\u3400-\u9fff]\s*|\w+\s*|[^\w\s]\s*|\s+")
LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
# Comparing takes the square of this; a longer changed passage is shown as replaced whole.
MOST_WORDS = 1200


class Piece(NamedTuple):
    """A stretch of text that stayed, went or came."""

    kind: Literal["same", "gone", "new"]
    text: str


def compared(earlier: str, later: str) -> list[Piece]:
    """Return both texts as one sequence of pieces; equal texts give one piece."""
    lines = (LINE.findall(_unified(earlier)), LINE.findall(_unified(later)))
    return list(_joined(_pieces(*lines, inner=_words)))


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n")


def _words(gone: str, new: str) -> Iterator[Piece]:
    words = (TOKEN.findall(gone), TOKEN.findall(new))
    if max(map(len, words)) > MOST_WORDS:
        yield from (Piece("gone", gone), Piece("new", new))
    else:
        yield from _pieces(*words)


def _pieces(earlier: Sequence[str], later: Sequence[str], inner: object = None) -> Iterator[Piece]:
    """Yield the pieces of two sequences; what was replaced is looked at again by `inner`."""
    for kind, a, b, c, d in SequenceMatcher(None, earlier, later).get_opcodes():
        gone, new = "".join(earlier[a:b]), "".join(later[c:d])
        if kind == "equal":
            yield Piece("same", new)
        elif kind == "replace" and callable(inner):
            yield from inner(gone, new)
        else:
            yield from (Piece("gone", gone), Piece("new", new))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield the pieces without empty ones, neighbours of a kind as one."""
    last: Piece | None = None
    for piece in pieces:
        if not piece.text:
            continue
        if last is not None and last.kind == piece.kind:
            last = Piece(piece.kind, last.text + piece.text)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
