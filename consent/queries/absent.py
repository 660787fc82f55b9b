"""What FHIR R4 requires of a resource and a row here need not say: marked as not known, never invented."""

from __future__ import annotations

from typing import Any

ABSENT_URL = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ABSENT: dict[str, Any] = {"extension": [{"url": ABSENT_URL, "valueCode": "unknown"}]}
# Resource -> element -> what stands for one that is not known; a primitive's mark goes beside it.
REQUIRED: dict[str, dict[str, Any]] = {
    "Encounter": {"status": "unknown", "class": ABSENT},
    "MedicationRequest": {"status": "unknown", "_intent": ABSENT},
    "Observation": {"status": "unknown", "code": ABSENT},
    "Immunization": {"_status": ABSENT, "vaccineCode": ABSENT},
    "Procedure": {"status": "unknown"},
    "CarePlan": {"status": "unknown", "_intent": ABSENT},
    "DiagnosticReport": {"status": "unknown", "code": ABSENT},
    "Claim": {
        "_status": ABSENT,
        "_use": ABSENT,
        "_created": ABSENT,
        "type": ABSENT,
        "provider": ABSENT,
        "priority": ABSENT,
        "insurance": [{"sequence": 1, "focal": True, "coverage": ABSENT}],
    },
    "Coverage": {"_status": ABSENT, "payor": [ABSENT]},
}
# Of these one must be there.
CHOICES: dict[str, tuple[tuple[str, ...], str, Any]] = {
    "MedicationRequest": (
        ("medicationCodeableConcept", "medicationReference"),
        "medicationCodeableConcept",
        ABSENT,
    ),
    "Immunization": (
        ("occurrenceDateTime", "occurrenceString"),
        "occurrenceString",
        "unknown",
    ),
}


def marked(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource in which every required element is there, or marked as not known."""
    kind = resource.get("resourceType", "")
    missing = {
        name: mark
        for name, mark in REQUIRED.get(kind, {}).items()
        if not resource.get(name.removeprefix("_")) and not resource.get(name)
    }
    names, place, mark = CHOICES.get(kind, ((), "", None))
    if names and not any(name in resource or f"_{name}" in resource for name in names):
        missing[place] = mark
    return resource | missing if missing else resource
