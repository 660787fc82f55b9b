"""What can go wrong with a sealed value; none of these texts carries one."""

from __future__ import annotations

from django.core.exceptions import FieldError


class SealedFieldQuery(FieldError):
    """A query, or a write that is not a deed, named a sealed field."""


class SealBroken(Exception):
    """An envelope is not what was sealed for this row: never fall back, never show a blank."""

    def __init__(self, label: str, envelope: str, why: str) -> None:
        super().__init__(f"{label} {envelope}: {why}")
        self.label, self.envelope, self.why = label, envelope, why


class SealErased(SealBroken):
    """The content was erased on purpose: nothing is broken, and nothing will ever open it."""


class StaleRecord(Exception):
    """Somebody else wrote the row since it was loaded."""


class UnversionedWrite(Exception):
    """A row would be written without its version moving on; deeds call `advance()` first."""


class KeyringError(Exception):
    """The root keys are missing, unreadable or not the ones that wrapped the data keys."""
