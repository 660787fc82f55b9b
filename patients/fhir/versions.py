"""Signs by which another version of FHIR gives itself away; a bundle does not say its version."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from patients.fhir import values
from patients.fhir.parsing import Unreadable

Resource = dict[str, Any]
OLDER, DSTU2, R5 = "DSTU2/STU3", "DSTU2", "R5"
READ = ("4.0", "4.1", "4.3")

_OLDER_TYPES = frozenset(
    """
    BodySite Conformance Contraindication DataElement DeviceComponent DeviceUseRequest
    DiagnosticOrder DiagnosticRequest EligibilityRequest EligibilityResponse ExpansionProfile
    ImagingManifest ImagingObjectSelection MedicationOrder Order OrderResponse ProcedureRequest
    ProcessRequest ProcessResponse ReferralRequest Sequence ServiceDefinition
    """.split()  # noqa: SIM905
)
_NEWER_TYPES = frozenset(
    """
    ActorDefinition AdministrableProductDefinition ArtifactAssessment
    BiologicallyDerivedProductDispense Citation ClinicalUseDefinition ConditionDefinition
    DeviceAssociation DeviceDispense DeviceUsage EncounterHistory EvidenceReport FormularyItem
    GenomicStudy ImagingSelection Ingredient InventoryItem InventoryReport
    ManufacturedItemDefinition MedicationUsage MedicinalProductDefinition NutritionIntake
    NutritionProduct PackagedProductDefinition Permission RegulatedAuthorization
    RequestOrchestration Requirements SubscriptionStatus SubscriptionTopic SubstanceDefinition
    TestPlan Transport
    """.split()  # noqa: SIM905
)


def _any(value: Any) -> bool:
    return True


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _with(*names: str) -> Callable[[Any], bool]:
    """Match an object, or a list of objects, that holds one of these names."""
    return lambda value: any(name in part for part in values.parts(value) for name in names)


def _listed_family(value: Any) -> bool:
    return any(isinstance(part.get("family"), list) for part in values.parts(value))


def _codeable_reference(value: Any) -> bool:
    return any("concept" in p or isinstance(p.get("reference"), dict) for p in values.parts(value))


_SIGNS: dict[str, tuple[tuple[str, Callable[[Any], bool], str], ...]] = {
    "Patient": (
        ("careProvider", _any, DSTU2),
        ("animal", _any, OLDER),
        ("name", _listed_family, DSTU2),
    ),
    "Practitioner": (("name", _object, DSTU2), ("practitionerRole", _any, DSTU2)),
    "Encounter": (
        ("class", _text, DSTU2),
        ("class", _list, R5),
        ("patient", _any, DSTU2),
        ("indication", _any, DSTU2),
        ("actualPeriod", _any, R5),
        ("plannedStartDate", _any, R5),
        ("subjectStatus", _any, R5),
        ("admission", _any, R5),
        ("reason", _with("use", "value"), R5),
        ("reason", _any, OLDER),
    ),
    "Condition": (
        ("clinicalStatus", _text, OLDER),
        ("verificationStatus", _text, OLDER),
        ("dateRecorded", _any, DSTU2),
        ("assertedDate", _any, OLDER),
        ("patient", _any, DSTU2),
        ("context", _any, OLDER),
        ("participant", _any, R5),
    ),
    "AllergyIntolerance": (
        ("substance", _any, DSTU2),
        ("clinicalStatus", _text, OLDER),
        ("verificationStatus", _text, OLDER),
        ("assertedDate", _any, OLDER),
        ("type", _object, R5),
        ("participant", _any, R5),
    ),
    "MedicationRequest": (
        ("medication", _codeable_reference, R5),
        ("context", _any, OLDER),
        ("reason", _codeable_reference, R5),
        ("renderedDosageInstruction", _any, R5),
    ),
    "Observation": (
        ("context", _any, OLDER),
        ("comment", _any, OLDER),
        ("comments", _any, DSTU2),
        ("related", _any, OLDER),
        ("triggeredBy", _any, R5),
        ("instantiatesCanonical", _any, R5),
    ),
    "Immunization": (
        ("notGiven", _any, OLDER),
        ("wasNotGiven", _any, DSTU2),
        ("date", _any, OLDER),
        ("informationSource", _any, R5),
        ("administeredProduct", _any, R5),
    ),
    "Procedure": (
        ("notPerformed", _any, DSTU2),
        ("notDone", _any, OLDER),
        ("context", _any, OLDER),
        ("occurrenceDateTime", _any, R5),
        ("occurrencePeriod", _any, R5),
        ("reason", _codeable_reference, R5),
    ),
    "CarePlan": (
        ("context", _any, OLDER),
        ("modified", _any, DSTU2),
        ("addresses", _codeable_reference, R5),
        ("custodian", _any, R5),
    ),
    "DiagnosticReport": (
        ("context", _any, OLDER),
        ("codedDiagnosis", _any, OLDER),
        ("composition", _any, R5),
        ("supportingInfo", _any, R5),
    ),
    "Claim": (
        ("organization", _any, OLDER),
        ("target", _any, DSTU2),
        ("diagnosisRelatedGroup", _any, R5),
        ("traceNumber", _any, R5),
    ),
    "Coverage": (
        ("issuer", _any, DSTU2),
        ("subscriberID", _any, DSTU2),
        ("insurer", _any, R5),
        ("paymentBy", _any, R5),
        ("kind", _any, R5),
    ),
    "Organization": (("contact", _with("relationship"), R5), ("qualification", _any, R5)),
    "ExplanationOfBenefit": (("organization", _any, OLDER), ("diagnosisRelatedGroup", _any, R5)),
}
_PROFILE = re.compile(
    r"hl7\.org/fhir/(?:(DSTU2|STU3|R5|R6|[0-9.]+)/)?StructureDefinition/[A-Za-z]+(?:\|([0-9.]+))?$"
)


def check(resource: Resource, place: str) -> None:
    """Raise Unreadable when a resource shows that it is of another version of FHIR than R4."""
    for version, where in _found(resource):
        raise Unreadable(
            _("It is FHIR %(version)s, and R4 is read (%(place)s).")
            % {"version": version, "place": f"{place} {where}".strip()}
        )


def _found(resource: Resource) -> list[tuple[str, str]]:
    name = str(resource.get("resourceType"))
    if name in _OLDER_TYPES | _NEWER_TYPES:
        return [(OLDER if name in _OLDER_TYPES else R5, name)]
    said = resource.get("fhirVersion")
    if isinstance(said, str) and not said.startswith(READ):
        return [(said if re.fullmatch(r"[0-9.]{1,12}", said) else "?", f"{name}.fhirVersion")]
    found = [
        (version, f"{name}.{element}")
        for element, matches, version in _SIGNS.get(name, ())
        if element in resource and matches(resource[element])
    ]
    return found or _profiles(resource, name)


def _profiles(resource: Resource, name: str) -> list[tuple[str, str]]:
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        match = _PROFILE.search(profile) if isinstance(profile, str) else None
        for said in filter(None, match.groups() if match else ()):
            if not said.startswith((*READ, "R4")) and said != "4":
                return [(said, f"{name}.meta.profile")]
    return []
