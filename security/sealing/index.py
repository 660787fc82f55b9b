"""Blind indexes: keyed hashes beside the row that find it without telling what it says.

Exact: HMAC-SHA-256 cut to 16 bytes, identifiers only. Tokens: 8 bytes each of HMAC(kind, gram), kept as
bigint: Latin edge prefixes (2 to 6) and trigrams, Han characters and pairs, pinyin and its initials as
Latin words, phone tails (4 to 8 digits). Level 5 fields and low-entropy fields have none. What a thief of
the database learns is written in docs/threat-model.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from security.classification import Plain
from security.sealing import keyring, normalise
from security.sealing.fields import Index
from security.sealing.rows import SealedModel
from security.sealing.shape import shape_of

PREFIXES = range(2, 7)
TAILS = range(4, 9)
# What is longer is no name; the work grows with the square of it.
LONGEST_NAME = 200
SPOKEN_STARTS = 8
TOKENS = "tokens"
_NORMALISERS: dict[str, Callable[[str], str]] = {
    "identifier": normalise.identifier,
    "phone": normalise.phone,
    "email": normalise.email,
}


class SearchIndex(models.Model):
    """Base of a model's side table: one row per exact value, one for all its tokens.

    Deleted at erasure, left out of backups, rebuilt at restore, outside every digest.
    """

    id = models.BigAutoField(primary_key=True)
    row_id: Any  # the foreign key to the indexed model, declared by each table as `row`
    kind = models.CharField(max_length=24)
    exact = models.BinaryField(null=True, max_length=16)
    tokens = ArrayField(models.BigIntegerField(), null=True)
    normaliser = models.SmallIntegerField(default=normalise.NORMALISER)
    key_version = models.SmallIntegerField()

    class Meta:
        abstract = True
        indexes: ClassVar[tuple[models.Index, ...]] = (
            models.Index(fields=["kind", "exact"], name="%(app_label)s_%(class)s_exact"),
            GinIndex(fields=["tokens"], name="%(app_label)s_%(class)s_tokens", fastupdate=False),
        )

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="search")
            for name in ("id", "row", "kind", "exact", "tokens", "normaliser", "key_version")
        }

    def __str__(self) -> str:
        """Name the row by its kind and id."""
        return f"{self.kind} {self.pk}"


def exact_hash(kind: str, value: str) -> bytes:
    """Return the 16 bytes by which an exact value is found; `kind` picks key and normaliser."""
    name = kind.rsplit(".", 1)[-1]
    prepared = _NORMALISERS.get(name, normalise.text)(value)
    return keyring.index_digest(f"exact {kind}", prepared)[:16]


def token(kind: str, gram: str) -> int:
    """Return the signed 64-bit token of one gram."""
    return int.from_bytes(keyring.index_digest(f"token {kind}", gram)[:8], "big", signed=True)


def grams_of_name(name: str) -> set[tuple[str, str]]:
    """Return the (kind, gram) pairs under which a name is found."""
    grams: set[tuple[str, str]] = set()
    for word in normalise.words(name[:LONGEST_NAME]):
        grams |= _grams_of_word(word)
    for run in normalise.han_runs(name[:LONGEST_NAME]):
        grams |= {("han", char) for char in run}
        grams |= {("han", run[i : i + 2]) for i in range(len(run) - 1)}
        for way in normalise.readings(run):
            # From each syllable on: the given name alone is typed as often as the whole.
            for start in range(min(len(way), SPOKEN_STARTS)):
                grams |= _grams_of_word("".join(way[start:]))
                grams |= _grams_of_word("".join(part[:1] for part in way[start:]))
    return grams


def grams_of_phone(number: str) -> set[tuple[str, str]]:
    """Return the (kind, gram) pairs of a phone number's tails."""
    figures = normalise.digits(normalise.phone(number))
    return {("tail", figures[-length:]) for length in TAILS if len(figures) >= length}


def _grams_of_word(word: str) -> set[tuple[str, str]]:
    grams = {("latin", word[:length]) for length in PREFIXES if len(word) >= length}
    grams |= {("tri", word[i : i + 3]) for i in range(len(word) - 2)}
    return grams


def query_grams(text: str) -> set[tuple[str, str]]:
    """Return the grams that every hit of a name query has; empty when the query is too short to search.

    A hit has them all, but not all that have them are hits: the caller opens the rows and compares.
    """
    grams: set[tuple[str, str]] = set()
    for word in normalise.words(text):
        if len(word) >= PREFIXES.start:
            grams.add(("latin", word[: PREFIXES.stop - 1]))
            grams |= {("tri", word[i : i + 3]) for i in range(PREFIXES.stop - 3, len(word) - 2)}
    for run in normalise.han_runs(text):
        grams |= {("han", run[i : i + 2]) for i in range(len(run) - 1)} or {("han", run)}
    return grams


def tail_gram(text: str) -> tuple[str, str] | None:
    """Return the gram of a typed phone tail, or None if it has less than four digits."""
    figures = normalise.digits(text)
    return ("tail", figures[-(TAILS.stop - 1) :]) if len(figures) >= TAILS.start else None


def _rows_of(table: type[SearchIndex]) -> models.Manager[Any]:
    # Each table declares its own `row`, which the base can not name.
    return table._default_manager


def entries_of(row: SealedModel, table: type[SearchIndex]) -> list[SearchIndex]:
    """Return the index rows of a sealed row, unsaved."""
    exact: dict[tuple[str, bytes], None] = {}
    grams: set[tuple[str, str]] = set()
    for field in shape_of(type(row)).fields.values():
        for index in field.index:
            for value in index.texts(getattr(row, field.name)):
                if index.is_exact:
                    exact[index.kind, exact_hash(index.kind, value)] = None
                else:
                    grams |= grams_of_phone(value) if index.kind == "tail" else grams_of_name(value)
    version = keyring.installed().index_primary
    make: Callable[..., SearchIndex] = table
    rows = [
        make(row_id=row.pk, kind=kind, exact=value, key_version=version) for kind, value in exact
    ]
    if grams:
        hashed = sorted({token(kind, gram) for kind, gram in grams})
        rows.append(make(row_id=row.pk, kind=TOKENS, tokens=hashed, key_version=version))
    return rows


def rebuild(rows: Sequence[SealedModel], table: type[SearchIndex]) -> None:
    """Write the index rows of sealed rows anew, in the caller's transaction."""
    _rows_of(table).filter(row_id__in=[row.pk for row in rows]).delete()
    _rows_of(table).bulk_create(
        [entry for row in rows for entry in entries_of(row, table)], batch_size=1000
    )


def find_exact(table: type[SearchIndex], kind: str, value: str) -> models.QuerySet[Any]:
    """Return a query of the ids of rows that hold an exact value."""
    return _rows_of(table).filter(kind=kind, exact=exact_hash(kind, value)).values("row_id")


def find_tokens(table: type[SearchIndex], grams: Iterable[tuple[str, str]]) -> models.QuerySet[Any]:
    """Return a query of the ids of rows that have all grams; nothing when there are none."""
    hashed = sorted({token(kind, gram) for kind, gram in grams})
    if not hashed:
        return _rows_of(table).none().values("row_id")
    return _rows_of(table).filter(kind=TOKENS, tokens__contains=hashed).values("row_id")


def ids(query: models.QuerySet[Any]) -> list[UUID]:
    """Return the row ids of an index query."""
    return [entry["row_id"] for entry in query]


__all__ = [
    "Index",
    "SearchIndex",
    "entries_of",
    "exact_hash",
    "find_exact",
    "find_tokens",
    "rebuild",
]
