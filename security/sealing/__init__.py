"""Sealed fields: what models and pages need of them."""

from security.classification import Category, Plain, Scope, SubjectKind
from security.sealing.columns import EnvelopeField
from security.sealing.errors import (
    KeyringError,
    SealBroken,
    SealedFieldQuery,
    SealErased,
    StaleRecord,
    UnversionedWrite,
)
from security.sealing.fields import (
    Index,
    Sealed,
    SealedBoolean,
    SealedDate,
    SealedDecimal,
    SealedInstant,
    SealedInteger,
    SealedJSON,
    SealedText,
)
from security.sealing.queryset import SealedQuerySet
from security.sealing.rows import SealedModel

__all__ = [
    "Category",
    "EnvelopeField",
    "Index",
    "KeyringError",
    "Plain",
    "Scope",
    "SealBroken",
    "SealErased",
    "Sealed",
    "SealedBoolean",
    "SealedDate",
    "SealedDecimal",
    "SealedFieldQuery",
    "SealedInstant",
    "SealedInteger",
    "SealedJSON",
    "SealedModel",
    "SealedQuerySet",
    "SealedText",
    "StaleRecord",
    "SubjectKind",
    "UnversionedWrite",
]
