"""Resources of types without rows of their own: kept whole, with a title and a date for lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from patients.fhir import codes, moments, shapes, values
from patients.fhir.bundle import Entry
from patients.fhir.mapping import label_codes
from patients.models import BillingAttachment, ClinicalAttachment, RecordAttachment

_CALLED = ("title", "code", "description", "type", "category", "vaccineCode", "serviceType")
_WHEN = tuple(
    """
    started date created authoredOn authored effectiveDateTime occurrenceDateTime performedDateTime
    performedPeriod effectivePeriod period billablePeriod issued recorded sent start startDate
    statusDate whenHandedOver collectedDateTime
    """.split()  # noqa: SIM905
)


def read(entry: Entry) -> tuple[type[RecordAttachment], dict[str, Any]]:
    """Return the model that keeps an entry whole, and the values of its row."""
    resource = entry.resource
    said = {
        "resource_type": entry.type,
        "resource": values.pack(resource),
        "title": _title(resource),
        "occurred_at": _when(resource),
        "extra": {"digest": shapes.digest(resource)},
    }
    if label_codes(resource) & {"R", "V"}:
        said["confidentiality"] = "R"
    return BillingAttachment if entry.type in codes.FINANCIAL else ClinicalAttachment, said


def _title(resource: dict[str, Any]) -> str | None:
    for name in _CALLED:
        value = resource.get(name)
        concept = next(iter(values.parts(value)), None)
        text = value if isinstance(value, str) else values.concept_text(concept)
        if text:
            return text[:200]
    return None


def _when(resource: dict[str, Any]) -> datetime | None:
    for name in _WHEN:
        value = resource.get(name)
        text = value.get("start") if isinstance(value, dict) else value
        try:
            if isinstance(text, str):
                return moments.read(text).at
        except ValueError:
            continue
    return None
