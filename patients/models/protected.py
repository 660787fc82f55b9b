"""Specially protected items: everything they say lies in the restricted envelope, under a key of its own."""

from __future__ import annotations

from typing import Any

from django.db import models

from security.sealing import EnvelopeField, SealedJSON
from security.sealing.shape import shape_of


class Protectable(models.Model):
    """A sealed row whose whole content can move to level 5 and back; reading it then needs a clearance."""

    restricted_version = models.PositiveIntegerField(default=1, editable=False)
    sealed_restricted = EnvelopeField("restricted")
    confidentiality: str
    # The values of the other envelopes while the row is concealed; None while it is not.
    withheld = SealedJSON(level=5, purpose="care")

    class Meta:
        abstract = True

    @property
    def is_protected(self) -> bool:
        """Tell whether the row is marked: then its content belongs into the restricted envelope."""
        return self.confidentiality != "N"

    def conceal(self) -> None:
        """Move what the card and the body say into the restricted envelope; nothing stays behind."""
        kept: dict[str, Any] = dict(self.withheld or {})
        for name, field in shape_of(type(self)).fields.items():
            if field.envelope == "restricted":
                continue
            value = field.to_sealed(getattr(self, name))
            if value is not None:
                kept[field.key] = value
            setattr(self, name, None)
        self.withheld = kept

    def enclose(self) -> None:
        """Conceal what a marked row says; a deed that wrote its fields calls this before it saves."""
        if self.is_protected:
            self.conceal()

    def uncover(self) -> None:
        """Move withheld values back to their places in memory; saved so, the row is no longer concealed."""
        kept = self.withheld
        if kept is None:
            return
        for name, field in shape_of(type(self)).fields.items():
            if field.envelope != "restricted" and field.key in kept:
                setattr(self, name, field.from_sealed(kept[field.key]))
        self.withheld = None
