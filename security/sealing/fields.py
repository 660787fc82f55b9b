"""Sealed fields: virtual model fields, declared one by one, stored together in an envelope of their row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from django.db import models
from django.db.models import NOT_PROVIDED
from django.utils.translation import gettext_lazy as _

from security import context
from security.classification import Category
from security.sealing.errors import SealedFieldQuery

if TYPE_CHECKING:
    from security.sealing.rows import SealedModel


MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Index:
    """A blind index over a field: `texts` turns the value into texts, `is_exact` or word tokens.

    `kind` names the index key and the normaliser; rows of the side table carry it.
    """

    kind: str
    texts: Callable[[Any], Sequence[str]]
    is_exact: bool = False


class SealedValue:
    """Descriptor of one sealed field: reads and writes the opened envelope of its row."""

    def __init__(self, field: Sealed) -> None:
        self.field = field

    def __get__(self, row: SealedModel | None, owner: type | None = None) -> Any:
        """Open the envelope if need be, note the read, return the value."""
        if row is None:
            return self
        field = self.field
        here, seals = context.find(), row.__dict__.get("_seals")
        opened = seals.get(field.envelope) if seals else None
        # The usual way once the envelope is open: the same request reads one more field of the row.
        if opened is None or opened.reader is not here or here is None or not here.may_open:
            opened = row.sealing_open(field.envelope)
        if opened.reader is not None and not opened.reader.is_matching:
            opened.noted.add(field.read_name)
        stored = opened.values.get(field.key, MISSING)  # type: ignore[union-attr]  # it is open
        if stored is MISSING and field.moved_from:
            stored = row.sealing_unmoved(field)
        if stored is MISSING:
            return field.default_value()
        return field.from_sealed(stored) if field.is_converted else stored

    def __set__(self, row: SealedModel, value: Any) -> None:
        """Open the envelope if need be, then change the value; it is sealed when the row is written."""
        row.sealing_write(self.field, value)


class Sealed(models.Field):  # type: ignore[type-arg]
    """Base of sealed fields: no column of its own, and no query may name it.

    `level` is the GB/T 39725 level, `purpose` why it is kept, `card` puts it in the narrow envelope,
    `key` is its stable name in the envelope, `category` overrides the model's, `masked` says that lists
    show it masked, `moved_from` names the envelope it was in before; `manage.py reseal` empties that one.
    """

    envelope = "body"
    read_name = ""

    def __init_subclass__(cls) -> None:
        """Note whether stored values need converting; most are stored as they are."""
        cls.is_converted = cls.from_sealed is not Sealed.from_sealed

    is_converted: ClassVar[bool] = False

    def __init__(
        self,
        *,
        level: int,
        purpose: str,
        card: bool = False,
        key: str = "",
        category: Category | None = None,
        index: Sequence[Index] = (),
        moved_from: str = "",
        **options: Any,
    ) -> None:
        self.level, self.purpose, self.key = level, purpose, key
        self.category, self.index, self.moved_from = category, tuple(index), moved_from
        self.envelope = "restricted" if level >= 5 else "card" if card else "body"
        if moved_from not in {"", "card", "body", "restricted"} - {self.envelope}:
            raise ValueError(f"a field of {self.envelope!r} can not have moved from {moved_from!r}")
        options.setdefault("null", True)
        super().__init__(**options)

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False, **options: Any
    ) -> None:
        """Join the model as a private field, so that no table column and no migration knows it."""
        super().contribute_to_class(cls, name, private_only=True, **options)
        self.key = self.key or name
        self.read_name = f"{getattr(cls, 'seal_label', '')}.{name}"
        setattr(cls, name, SealedValue(self))

    def get_attname_column(self) -> tuple[str, None]:
        """Return the attribute and no column."""
        return self.get_attname(), None

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise SealedFieldQuery(
            f"{self.model.__name__}.{self.name} is sealed: the database can not filter, sort or update by it"
        )

    get_col = get_lookup = get_transform = _refuse

    def default_value(self) -> Any:
        """Return what a row holds that was sealed before the field existed."""
        return None if self.default is NOT_PROVIDED else self.get_default()

    def to_sealed(self, value: Any) -> Any:
        """Return the value as msgpack stores it; raise TypeError or ValueError when it does not fit."""
        return value

    def from_sealed(self, stored: Any) -> Any:
        """Return the value that was stored."""
        return stored

    def sealed_type(self) -> str:
        """Return the stored type's name for the register of seals."""
        return type(self).__name__.removeprefix("Sealed").lower()


class SealedText(Sealed, models.TextField):  # type: ignore[type-arg]
    """Text; empty text and no text are different values."""

    def to_sealed(self, value: Any) -> Any:
        """Return the text; anything else is a mistake of the caller."""
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{self.name} takes text")
        return None if value is None else str(value)


class SealedInteger(Sealed, models.BigIntegerField):  # type: ignore[type-arg]
    """A whole number of at most 64 bits."""

    def to_sealed(self, value: Any) -> Any:
        """Return the number; a bool is none."""
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise TypeError(f"{self.name} takes a whole number")
        return value


class SealedBoolean(Sealed, models.BooleanField):  # type: ignore[type-arg]
    """Yes, no or not known."""

    def to_sealed(self, value: Any) -> Any:
        """Return the truth value."""
        if value is not None and not isinstance(value, bool):
            raise TypeError(f"{self.name} takes True or False")
        return value


class SealedDate(Sealed, models.DateField):  # type: ignore[type-arg]
    """A calendar date, stored as ISO 8601."""

    def to_sealed(self, value: Any) -> Any:
        """Return the ISO form of a date."""
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise TypeError(f"{self.name} takes a date")
        return value.isoformat()

    def from_sealed(self, stored: Any) -> Any:
        """Return the date."""
        return None if stored is None else date.fromisoformat(stored)


class SealedInstant(Sealed, models.DateTimeField):  # type: ignore[type-arg]
    """An instant, stored as RFC 3339 in UTC."""

    def to_sealed(self, value: Any) -> Any:
        """Return the UTC form of an aware datetime."""
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise TypeError(f"{self.name} takes a datetime with its zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def from_sealed(self, stored: Any) -> Any:
        """Return the instant."""
        return None if stored is None else datetime.fromisoformat(stored)


class SealedDecimal(Sealed, models.Field):  # type: ignore[type-arg]
    """A decimal number, stored as its text so that no digit is lost."""

    def to_sealed(self, value: Any) -> Any:
        """Return the text of a finite decimal."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise TypeError(f"{self.name} takes a finite Decimal")
        return str(value)

    def from_sealed(self, stored: Any) -> Any:
        """Return the number."""
        return None if stored is None else Decimal(stored)


class SealedJSON(Sealed, models.JSONField):
    """A JSON value; lists come back as tuples, so that a change is made by assigning a new value."""

    description = _("sealed JSON")

    def to_sealed(self, value: Any) -> Any:
        """Return the frozen value; raise TypeError or ValueError unless JSON can carry it."""
        return freeze(value)


def freeze(value: Any) -> Any:
    """Return a JSON value with tuples for lists, as it would come back from its envelope."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("the names in a JSON object are text")
        return {name: freeze(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(freeze(part) for part in value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    raise ValueError(f"JSON does not carry this {type(value).__name__}")
