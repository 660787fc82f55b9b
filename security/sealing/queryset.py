"""Queries over sealed rows: none may name a sealed field, none may write past a version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models

from security.sealing.errors import SealedFieldQuery
from security.sealing.shape import shape_of

if TYPE_CHECKING:
    from security.sealing.rows import SealedModel

Row = TypeVar("Row", bound="SealedModel", covariant=True)


class SealedQuerySet(models.QuerySet[Row]):
    """Queries that refuse to name a sealed field and writes that would pass a version by."""

    def _refuse(self, names: Iterable[Any], *, also: Iterable[str] = ()) -> None:
        fields = shape_of(self.model).fields
        forbidden = set(also)
        for name in names:
            first = str(name).lstrip("-").split("__")[0] if isinstance(name, str) else ""
            if first in fields or first in forbidden:
                raise SealedFieldQuery(f"{self.model.__name__}.{first} is sealed or guards a seal")

    def _refuse_unless_operational(self, names: Iterable[str]) -> None:
        operational = shape_of(self.model).operational
        for name in names:
            self._refuse([name])
            if self.model._meta.get_field(name).attname not in operational:  # type: ignore[union-attr]
                raise SealedFieldQuery(
                    f"{self.model.__name__}.{name} is written by a deed (advance, save), not in bulk"
                )

    def values(self, *fields: Any, **expressions: Any) -> Any:
        """Refuse sealed names; envelopes come as bytes."""
        self._refuse(fields)
        return super().values(*fields, **expressions)

    def values_list(self, *fields: Any, flat: bool = False, named: bool = False) -> Any:
        """Refuse sealed names; envelopes come as bytes."""
        self._refuse(fields)
        return super().values_list(*fields, flat=flat, named=named)

    def order_by(self, *names: Any) -> Self:
        """Refuse sealed names."""
        self._refuse(names)
        return super().order_by(*names)

    def distinct(self, *names: Any) -> Self:
        """Refuse sealed names."""
        self._refuse(names)
        return super().distinct(*names)

    def in_bulk(self, id_list: Any = None, *, field_name: str = "pk") -> dict[Any, Any]:
        """Refuse sealed names."""
        self._refuse([field_name])
        return super().in_bulk(id_list, field_name=field_name)

    def only(self, *fields: Any) -> Self:
        """Load some columns, and always those that an envelope is bound to."""
        self._refuse(fields)
        return super().only(*fields, *shape_of(self.model).always_loaded)

    def defer(self, *fields: Any) -> Self:
        """Leave columns out; never those that an envelope is bound to."""
        self._refuse(name for name in fields if name is not None)
        guarded = shape_of(self.model).always_loaded
        self._refuse((name for name in fields if name is not None), also=guarded)
        return super().defer(*fields)

    def update(self, **values: Any) -> int:
        """Update operational columns only."""
        self._refuse_unless_operational(values)
        return super().update(**values)

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """Update operational columns only."""
        names = tuple(fields)
        self._refuse_unless_operational(names)
        return super().bulk_update(objs, names, batch_size=batch_size)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Insert rows; conflicts are errors, since a half-inserted batch would be lost silently."""
        if options.get("ignore_conflicts") or options.get("update_conflicts"):
            raise SealedFieldQuery("a sealed row is never overwritten or skipped on conflict")
        rows: list[Any] = super().bulk_create(objs, *args, **options)
        for row in rows:
            row.sealing_written()
        return rows
