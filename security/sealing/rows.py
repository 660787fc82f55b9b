"""Rows with envelopes: opened on first access, sealed when the column is read dirty, written by version.

The envelope column's own descriptor seals and opens, so that every way Django reads a column to
write it (save, bulk_create, serializers, copies) meets a current envelope.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast
from uuid import UUID

from django.db import models

from security import context
from security.classification import Category, Plain, Scope, SubjectKind
from security.ids import new_id
from security.sealing import envelope, keys
from security.sealing.columns import EnvelopeField
from security.sealing.envelope import Place
from security.sealing.errors import (
    SealBroken,
    SealedFieldQuery,
    SealErased,
    StaleRecord,
    UnversionedWrite,
)
from security.sealing.fields import MISSING, Sealed
from security.sealing.queryset import SealedQuerySet
from security.sealing.shape import shape_of

# Columns that every sealed row has, declared once (level, purpose).
COMMON_PLAIN = {
    "id": Plain(level=3, purpose="operation"),
    "version": Plain(level=2, purpose="integrity"),
    "restricted_version": Plain(level=2, purpose="integrity"),
}


@dataclass(slots=True)
class Opened:
    """What is known of one envelope of one row in memory."""

    values: dict[str, Any] | None = None
    is_dirty: bool = False
    # Where the bytes in memory belong: (row id, version, subject); None = as the row was loaded.
    bound: tuple[UUID, int, UUID] | None = None
    broken: SealBroken | None = None
    # The context that reads it and the field names noted there for its subject.
    reader: context.Context | None = None
    noted: set[str] = field(default_factory=set)


class SealedModel(models.Model):
    """A row with envelopes; `seal_label` is its constant name in every seal."""

    category: ClassVar[Category]
    scope: ClassVar[Scope] = Scope.RECORD
    seal_label: ClassVar[str]
    subject_kind: ClassVar[SubjectKind] = SubjectKind.PATIENT
    # The attribute that holds whose data this is; None = the system's.
    subject_field: ClassVar[str | None] = "id"
    # The column that names who took this subject's place, where two records were found to be one person's.
    heir_field: ClassVar[str | None] = None

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    sealed = EnvelopeField("body")
    restricted_version: int

    objects = SealedQuerySet.as_manager()

    class Meta:
        abstract = True

    class Privacy:
        plain = COMMON_PLAIN

    def __str__(self) -> str:
        """Name the row by its id; a text of a row must never name a person."""
        return f"{self.seal_label} {self.pk}"

    def __repr__(self) -> str:
        """Name the row by its id."""
        return f"<{self}>"

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for copies and pickles: envelopes, no opened value."""
        for column in shape_of(type(self)).columns.values():
            if column.attname in self.__dict__:
                self.sealing_seal(column)
        state: dict[str, Any] = super().__getstate__()
        state.pop("_seals", None)
        return state

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **options: Any) -> Self:
        """Load a row, remember what its envelopes are bound to and which keys they will want."""
        row = super().from_db(db, field_names, values, **options)
        row.sealing_loaded()
        return row

    def refresh_from_db(
        self, using: Any = None, fields: Any = None, from_queryset: Any = None
    ) -> None:
        """Reload the row; with an envelope come the columns it is bound to."""
        shape = shape_of(type(self))
        if fields is not None:
            fields = list(fields)
            sealed = [name for name in fields if name in shape.fields]
            if sealed:
                raise SealedFieldQuery(
                    f"{type(self).__name__}.{sealed[0]} is sealed: reload its envelope"
                )
            if not {column.attname for column in shape.columns.values()} & set(fields):
                super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
                return
            fields += [name for name in shape.always_loaded if name not in fields and name != "id"]
        before = self.__dict__.get("_loaded")
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        self.sealing_loaded()
        if fields is not None and before is not None and before[1:] != self.__dict__["_loaded"][1:]:
            raise StaleRecord(repr(self))

    # Sealing. The names are spelled out because model attributes share one namespace with fields.

    def sealing_loaded(self) -> None:
        """Remember what the loaded envelopes are bound to; ask for their keys."""
        state = self.__dict__
        state["_loaded"] = (
            self.pk,
            state.get("version"),
            state.get("restricted_version"),
            self._subject(),
        )
        here = context.find()
        if here is not None:
            for column in shape_of(type(self)).columns.values():
                blob = state.get(column.attname)
                key_id = envelope.key_bytes_of(blob) if blob else None
                if key_id is not None:
                    here.want_key(key_id)

    def sealing_written(self) -> None:
        """Remember that the row in the database is now the one in memory."""
        state = self.__dict__
        state["_loaded"] = (
            self.pk,
            state.get("version"),
            state.get("restricted_version"),
            self._subject(),
        )

    def sealing_open(self, name: str) -> Opened:
        """Open an envelope for the context in force and tie what is read to whom it is about."""
        is_new = self._state.adding
        if not is_new and not context.current().may_open:
            raise context.NoContext("the gate of this request is closed")
        self._open(name)
        opened: Opened = self.__dict__["_seals"][name]
        opened.reader = None
        if not is_new and not context.current().is_matching:
            opened.reader = context.current()
            opened.noted = opened.reader.reads_of(self._subject())
        return opened

    def sealing_write(self, field: Sealed, value: Any) -> None:
        """Change the value of a sealed field in memory; raise SealBroken if its envelope is."""
        stored = field.to_sealed(value)
        self._open(field.envelope)[field.key] = stored
        self.__dict__["_seals"][field.envelope].is_dirty = True
        if field.moved_from and self._open(field.moved_from).pop(field.key, MISSING) is not MISSING:
            self.__dict__["_seals"][field.moved_from].is_dirty = True

    def sealing_unmoved(self, field: Sealed) -> Any:
        """Return what the envelope that a field was in before still holds of it, or MISSING."""
        opened = self.sealing_open(field.moved_from)
        stored = (opened.values or {}).get(field.key, MISSING)
        if stored is not MISSING and opened.reader is not None:
            opened.noted.add(field.read_name)
        return stored

    def sealing_move(self, fields: Iterable[Sealed]) -> bool:
        """Take fields out of the envelopes they were in before, in memory; tell whether any was there."""
        is_moved = False
        for one in fields:
            old, new = self._open(one.moved_from), self._open(one.envelope)
            if one.key not in old:
                continue
            new.setdefault(one.key, old.pop(one.key))
            for name in (one.moved_from, one.envelope):
                self.__dict__["_seals"][name].is_dirty = True
            is_moved = True
        return is_moved

    def sealing_begin(self, name: str) -> None:
        """Begin an envelope that the row, written before its model declared it, does not have yet."""
        column = shape_of(type(self)).columns[name]
        if not self.__dict__.get(column.attname):
            self.__dict__.setdefault("_seals", {})[name] = Opened(values={}, is_dirty=True)

    def sealing_seal(self, column: EnvelopeField) -> None:
        """Seal an envelope again if a value changed or it is bound to another row, version or subject."""
        state = self.__dict__
        opened: Opened = state.setdefault("_seals", {}).setdefault(column.envelope, Opened())
        place = self._place(column.envelope)
        is_clean = state.get(column.attname) is not None and not opened.is_dirty
        if is_clean and (opened.bound or self._loaded_place(column.envelope)) == place:
            return
        values = self._open(column.envelope)
        row_id, version, subject = place
        scope = Scope.RESTRICTED if column.envelope == "restricted" else self.scope
        key = keys.for_sealing(subject, kind=self.sealing_subject_kind(), scope=scope)
        state[column.attname] = envelope.seal(
            values,
            key=key.cipher,
            key_id=key.id,
            place=Place(self.seal_label, column.envelope, row_id, version),
        )
        opened.bound, opened.is_dirty = place, False

    def advance(self) -> None:
        """Move the version on before a deed writes the row; deferred envelopes are fetched to follow it."""
        shape = shape_of(type(self))
        for column in shape.columns.values():
            if column.attname not in self.__dict__:
                self.refresh_from_db(fields=[column.attname])
        restricted: Opened | None = self.__dict__.get("_seals", {}).get("restricted")
        if restricted is not None and restricted.is_dirty:
            self.restricted_version += 1
        self.version += 1

    def sealing_subject_kind(self) -> SubjectKind:
        """Return whose key seals this row; tables with several kinds of subject override it."""
        return self.subject_kind

    def _subject(self) -> UUID:
        if self.subject_field is None:
            return keys.SYSTEM_SUBJECT
        heir: UUID | None = self.__dict__.get(self.heir_field) if self.heir_field else None
        if heir is not None:
            return heir
        subject: UUID = self.__dict__.get(self.subject_field) or getattr(self, self.subject_field)
        return subject

    def _place(self, name: str) -> tuple[UUID, int, UUID]:
        return (
            self.pk,
            self.restricted_version if name == "restricted" else self.version,
            self._subject(),
        )

    def _loaded_place(self, name: str) -> tuple[UUID, int, UUID]:
        loaded = self.__dict__.get("_loaded")
        if loaded is None:
            return self._place(name)
        row_id, version, restricted_version, subject = loaded
        return row_id, restricted_version if name == "restricted" else version, subject

    def _open(self, name: str) -> dict[str, Any]:
        state = self.__dict__
        opened: Opened = state.setdefault("_seals", {}).setdefault(name, Opened())
        if opened.values is not None:
            return opened.values
        if opened.broken is not None:
            raise opened.broken
        column = shape_of(type(self)).columns[name]
        if column.attname not in state and not self._state.adding:
            self.refresh_from_db(fields=[column.attname])
            opened = state["_seals"].setdefault(name, Opened())
        blob = state.get(column.attname)
        if blob is None and self._state.adding:
            opened.values = {}
            return opened.values
        place = opened.bound or self._loaded_place(name)
        try:
            opened.values = self._unseal(blob, name, place)
        except SealErased as error:
            opened.broken = error
            raise
        except SealBroken as error:
            opened.broken = error
            context.current().broken.add((self.seal_label, self.pk, name, place[2]))
            raise
        opened.bound = place
        return opened.values

    def _unseal(
        self, blob: bytes | None, name: str, place: tuple[UUID, int, UUID]
    ) -> dict[str, Any]:
        row_id, version, subject = place
        key_id = envelope.key_bytes_of(blob) if blob else None
        if blob is not None and bytes(blob) == envelope.ERASED:
            raise SealErased(self.seal_label, name, "it was erased")
        if blob is None or key_id is None:
            raise SealBroken(self.seal_label, name, "not an envelope")
        key = keys.opened(key_id)
        if key is not None and key.subject_id != subject:
            key = keys.opened_again(key_id)
        if key is None:
            # Also where it was destroyed: an erasure overwrites what it leaves, so this was none.
            raise SealBroken(self.seal_label, name, "its key is gone")
        scope = Scope.RESTRICTED if name == "restricted" else self.scope
        if key.subject_id != subject or key.scope != scope:
            raise SealBroken(self.seal_label, name, "sealed for somebody or something else")
        return envelope.unseal(
            blob, key=key.cipher, place=Place(self.seal_label, name, row_id, version)
        )

    def _do_insert(self, *args: Any, **options: Any) -> Any:
        insert: Any = super()._do_insert  # type: ignore[misc]
        result = insert(*args, **options)
        self.sealing_written()
        return result

    def _do_update(self, base_qs: Any, using: Any, pk_val: Any, values: Any, *rest: Any) -> Any:
        shape, update = shape_of(type(self)), cast(Any, super()._do_update)
        written = {field.attname for field, _, _ in values}
        if written <= shape.operational:
            return update(base_qs, using, pk_val, values, *rest)
        if "_loaded" not in self.__dict__:
            # A row from a fixture: Django tries an UPDATE first, and INSERT when none is there.
            if base_qs.filter(pk=pk_val).exists():
                raise UnversionedWrite(f"{self!r} is there already")
            return False
        _, version, restricted_version, _ = self.__dict__["_loaded"]
        versioned = {
            column.attname for column in shape.columns.values() if column.envelope != "restricted"
        }
        if self.version <= version or not versioned | {"version"} <= written:
            raise UnversionedWrite(f"{self!r}: advance() first, then save() all envelopes")
        guarded = base_qs.filter(version=version)
        if "restricted" in shape.columns:
            guarded = guarded.filter(restricted_version=restricted_version)
        if not update(guarded, using, pk_val, values, *rest):
            raise StaleRecord(repr(self))
        self.sealing_written()
        return True
