"""The column of an envelope; reading it yields a current envelope, so every way to write a row meets one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

if TYPE_CHECKING:
    from security.sealing.rows import SealedModel


class EnvelopeAttribute(DeferredAttribute):
    """The column's descriptor: reading it yields a current envelope, setting it drops opened values."""

    def __get__(self, row: SealedModel | None, owner: type | None = None) -> Any:  # type: ignore[override]
        """Fetch a deferred envelope, seal again if need be, return the bytes."""
        if row is None:
            return self
        if self.field.attname not in row.__dict__ and not row._state.adding:
            super().__get__(row, owner)
        row.sealing_seal(self.field)  # type: ignore[arg-type]
        return row.__dict__.get(self.field.attname)

    def __set__(self, row: SealedModel, value: Any) -> None:
        """Take bytes from outside; whatever was opened from the old ones is gone."""
        row.__dict__[self.field.attname] = None if value is None else bytes(value)
        row.__dict__.setdefault("_seals", {}).pop(self.field.envelope, None)  # type: ignore[attr-defined]


class EnvelopeField(models.BinaryField):  # type: ignore[type-arg]
    """The column of one envelope: `body`, `card` or `restricted`; never NULL, so absence does not show."""

    descriptor_class = EnvelopeAttribute

    def __init__(self, envelope: str = "body", **options: Any) -> None:
        self.envelope = envelope
        options.setdefault("editable", False)
        super().__init__(**options)

    def get_default(self) -> Any:
        """Start a new row with nothing sealed; an empty envelope from outside is a broken one.

        Only a migration that gives older rows the column has a default, until `reseal` fills them.
        """
        return self.default if self.has_default() else None

    def deconstruct(self) -> Any:
        """Return the field for migrations, its envelope included."""
        name, path, args, options = super().deconstruct()
        options["envelope"] = self.envelope
        return name, path, args, options
