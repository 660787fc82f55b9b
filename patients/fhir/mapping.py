"""Which element of which FHIR type fills which field: the whole mapping, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from patients import models
from patients.fhir import codes, values
from patients.fhir.codes import CODE_SYSTEM
from patients.fhir.elements import (
    Element,
    Mistake,
    coded,
    concept,
    day,
    expect,
    first_code,
    instant,
    money,
    period,
    quantity,
    text,
    tree,
    truth,
)
from patients.fhir.shapes import Resource, Shape

# What people are found and called by has to be what it seems.
_PATIENT_PARTS: tuple[tuple[str, str, type], ...] = (
    ("name", "text", str),
    ("name", "family", str),
    ("name", "given", list),
    ("identifier", "system", str),
    ("identifier", "value", str),
    ("telecom", "value", str),
)
_SECURITY = {"CEL": "vip", "VIP": "vip", "EMP": "employee"}


def label_codes(resource: Resource) -> set[str]:
    """Return the codes of a resource's security labels."""
    meta = resource.get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    return {
        label["code"] for label in values.parts(labels or ()) if isinstance(label.get("code"), str)
    }


def _patient_told(resource: Resource, row: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "language": _language(resource),
        "record_number": _record_number(resource),
    }
    if row["deceased_at"]:
        told["deceased"] = True
    marks = [_SECURITY[code] for code in sorted(label_codes(resource)) if code in _SECURITY]
    return told | ({"confidentiality": marks[0]} if marks else {})


def _language(resource: Resource) -> str | None:
    spoken = values.parts(resource.get("communication") or ())
    for entry in sorted(spoken, key=lambda entry: entry.get("preferred") is not True):
        for coding in values.parts(values.parts(entry.get("language") or ())[:1]):
            for part in values.parts(coding.get("coding") or ()):
                if isinstance(part.get("code"), str):
                    return str(part["code"])
    return None


def _record_number(resource: Resource) -> str | None:
    for identifier in values.parts(resource.get("identifier") or ()):
        kind = identifier.get("type")
        marks = values.parts(kind.get("coding") or ()) if isinstance(kind, dict) else ()
        if any(mark.get("code") == "MR" for mark in marks) and isinstance(
            identifier.get("value"), str
        ):
            return str(identifier["value"])
    return None


def _patient_check(resource: Resource, row: Mapping[str, Any]) -> None:
    for element, part, kind in _PATIENT_PARTS:
        for number, one in enumerate(values.parts(resource.get(element) or ())):
            if part in one:
                expect(one[part], kind, f"{element}[{number}].{part}")
    born, died = row["birth_on"], row["deceased_at"]
    if born and born > timezone.localdate():
        raise Mistake("birthDate", _("a day in the future"))
    if born and died and died.date() < born and row["birth_precision"] == "day":
        raise Mistake("deceasedDateTime", _("before the birth"))


def _item_told(resource: Resource, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"confidentiality": "R"} if label_codes(resource) & {"R", "V"} else {}


def _observation_told(resource: Resource, row: Mapping[str, Any]) -> dict[str, Any]:
    told = _item_told(resource, row)
    codings = [
        coding
        for category in values.parts(resource.get("category") or ())
        for coding in values.parts(category.get("coding") or ())
    ]
    told["category_code"] = next(
        (c["code"] for c in codings if isinstance(c.get("code"), str)), None
    )
    told["value_text"] = values.value_text(resource) or values.components_text(resource) or None
    return told


def _care_plan_told(resource: Resource, row: Mapping[str, Any]) -> dict[str, Any]:
    return _item_told(resource, row) | {"code_text": row["title"]}


_NOTE = tree("note", "notes")
_CODE = concept("code", "code_text", "code")
_CATEGORIES = tree("category", "categories")
_EFFECTIVE = (
    period("effectivePeriod", "occurred_at", "ended_at", whole=True),
    instant("effectiveDateTime", "occurred_at"),
)

PATIENT = Shape(
    "Patient",
    models.Patient,
    (
        tree("identifier", "identifiers"),
        tree("name", "names"),
        tree("telecom", "telecoms"),
        tree("address", "addresses"),
        tree("contact", "contacts"),
        text("gender", "sex", codes.GENDERS),
        day("birthDate", "birth_on", "birth_precision"),
        instant("deceasedDateTime", "deceased_at"),
        truth("deceasedBoolean", "deceased"),
        tree("maritalStatus", "marital_status", dict),
    ),
    of="",
    told=_patient_told,
    check=_patient_check,
)

_DIRECTORY: tuple[Element, ...] = (
    truth("active", "active"),
    tree("identifier", "identifiers"),
    tree("telecom", "telecoms"),
    tree("address", "addresses"),
)
PRACTITIONER = Shape(
    "Practitioner",
    models.Practitioner,
    (
        *_DIRECTORY,
        tree("name", "names"),
        text("gender", "gender", codes.GENDERS),
        tree("qualification", "qualifications"),
    ),
    of="",
    exact=True,
)
ORGANIZATION = Shape(
    "Organization",
    models.Organization,
    (*_DIRECTORY, text("name", "name"), tree("type", "types")),
    of="",
    exact=True,
)

RECORD_SHAPES = (
    Shape(
        "Encounter",
        models.Encounter,
        (
            text("status", "status", codes.ENCOUNTER_STATUS),
            first_code("class", "class_code", "encounter_class"),
            concept("type", "type_text", "types", many=True),
            period("period", "occurred_at", "ended_at"),
            concept("reasonCode", "reason_text", "reasons", many=True),
        ),
        told=_item_told,
    ),
    Shape(
        "Condition",
        models.Condition,
        (
            coded("clinicalStatus", "status", f"{CODE_SYSTEM}condition-clinical"),
            coded("verificationStatus", "verification", f"{CODE_SYSTEM}condition-ver-status"),
            _CODE,
            _CATEGORIES,
            tree("severity", "severity", dict),
            instant("onsetDateTime", "onset_at"),
            instant("abatementDateTime", "abated_at"),
            instant("recordedDate", "recorded_at"),
            _NOTE,
        ),
        when=("onset_at", "recorded_at"),
        told=_item_told,
    ),
    Shape(
        "AllergyIntolerance",
        models.AllergyIntolerance,
        (
            coded("clinicalStatus", "status", f"{CODE_SYSTEM}allergyintolerance-clinical"),
            coded(
                "verificationStatus",
                "verification",
                f"{CODE_SYSTEM}allergyintolerance-verification",
            ),
            text("type", "kind", codes.ALLERGY_TYPE),
            text("criticality", "criticality", codes.CRITICALITY),
            _CODE,
            instant("onsetDateTime", "onset_at"),
            instant("recordedDate", "recorded_at"),
            tree("reaction", "reactions"),
            _NOTE,
        ),
        of="patient",
        when=("onset_at", "recorded_at"),
        told=_item_told,
    ),
    Shape(
        "MedicationRequest",
        models.MedicationRequest,
        (
            text("status", "status", codes.MEDICATION_STATUS),
            text("intent", "intent", codes.REQUEST_INTENT),
            concept("medicationCodeableConcept", "code_text", "medication"),
            Element(
                "medicationReference",
                ("code_text",),
                lambda value: {"code_text": values.shown_text(value)},
                lambda row: None,
            ),
            instant("authoredOn", "occurred_at"),
            tree("dosageInstruction", "dosages"),
            concept("reasonCode", "reason_text", "reasons", many=True),
            _NOTE,
        ),
        told=_item_told,
    ),
    Shape(
        "Observation",
        models.Observation,
        (
            text("status", "status", codes.OBSERVATION_STATUS),
            _CODE,
            _CATEGORIES,
            *_EFFECTIVE,
            instant("issued", "issued_at"),
            quantity("valueQuantity", "value_number", "value_unit", "value_text"),
            concept("valueCodeableConcept", "value_text", "value_concept"),
            text("valueString", "value_text"),
            tree("component", "components"),
            tree("interpretation", "interpretations"),
            tree("referenceRange", "reference_ranges"),
            _NOTE,
        ),
        when=("issued_at",),
        told=_observation_told,
    ),
    Shape(
        "Immunization",
        models.Immunization,
        (
            text("status", "status", codes.IMMUNIZATION_STATUS),
            concept("vaccineCode", "code_text", "vaccine"),
            instant("occurrenceDateTime", "occurred_at"),
            truth("primarySource", "primary_source"),
            text("lotNumber", "lot_number"),
            _NOTE,
        ),
        of="patient",
        told=_item_told,
    ),
    Shape(
        "Procedure",
        models.Procedure,
        (
            text("status", "status", codes.PROCEDURE_STATUS),
            _CODE,
            period("performedPeriod", "occurred_at", "ended_at", whole=True),
            instant("performedDateTime", "occurred_at"),
            concept("reasonCode", "reason_text", "reasons", many=True),
            _NOTE,
        ),
        told=_item_told,
    ),
    Shape(
        "CarePlan",
        models.CarePlan,
        (
            text("status", "status", codes.CARE_PLAN_STATUS),
            text("intent", "intent", codes.CARE_PLAN_INTENT),
            text("title", "title"),
            text("description", "description"),
            concept("category", "code_text", "categories", many=True),
            period("period", "occurred_at", "ended_at"),
            tree("activity", "activities"),
            _NOTE,
        ),
        told=_care_plan_told,
    ),
    Shape(
        "DiagnosticReport",
        models.DiagnosticReport,
        (
            text("status", "status", codes.REPORT_STATUS),
            _CODE,
            _CATEGORIES,
            *_EFFECTIVE,
            instant("issued", "issued_at"),
            tree("result", "results"),
            text("conclusion", "conclusion"),
        ),
        when=("issued_at",),
        told=_item_told,
    ),
    Shape(
        "Claim",
        models.Claim,
        (
            text("status", "status", codes.FINANCIAL_STATUS),
            text("use", "use", codes.CLAIM_USE),
            concept("type", "type_text", "claim_type"),
            instant("created", "occurred_at"),
            period("billablePeriod", "billed_from", "billed_to"),
            money("total", "total", "currency"),
            tree("insurance", "insurances"),
            tree("item", "items"),
            tree("diagnosis", "diagnoses"),
        ),
        of="patient",
        when=("billed_from",),
        told=_item_told,
    ),
    Shape(
        "Coverage",
        models.Coverage,
        (
            text("status", "status", codes.FINANCIAL_STATUS),
            concept("type", "type_text", "coverage_type"),
            tree("payor", "payers"),
            text("subscriberId", "member_number"),
            period("period", "occurred_at", "ended_at"),
        ),
        of="beneficiary",
        told=lambda resource, row: (
            _item_told(resource, row) | {"payer_text": values.shown_text(row["payers"])}
        ),
    ),
)

SHAPES: Mapping[str, Shape] = {
    shape.name: shape for shape in (PATIENT, PRACTITIONER, ORGANIZATION, *RECORD_SHAPES)
}
SHAPE_OF_MODEL = {shape.model: shape for shape in SHAPES.values()}
