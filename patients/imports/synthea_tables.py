"""Which cell of Synthea's CSV files is which element; every other cell is kept as an extension."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from patients.fhir import values

Row = Mapping[str, str]
Resource = dict[str, Any]
SYNTHEA = "https://github.com/synthetichealth/synthea"
BASE = f"{SYNTHEA}/csv/"
SNOMED, RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC, CVX = "http://loinc.org", "http://hl7.org/fhir/sid/cvx"
CODES = "http://terminology.hl7.org/CodeSystem"
_CLASSES = {
    "ambulatory": "AMB", "outpatient": "AMB", "wellness": "AMB", "emergency": "EMER", "urgentcare": "AMB",
    "inpatient": "IMP", "home": "HH", "virtual": "VR", "hospice": "HH", "snf": "IMP",
}  # fmt: skip
_GENDERS = {"M": "male", "F": "female"}


@dataclass(slots=True)
class Names:
    """What the directory calls those who treat and those who pay."""

    known: dict[str, str] = field(default_factory=dict)

    def learn(self, table: str, row: Row) -> None:
        """Remember a name."""
        self.known[row["Id"]] = row.get("NAME", "")

    def reference(self, kind: str, identity: str) -> Resource:
        """Return a reference to an entry of the directory, with its name where it is known."""
        found = {"reference": f"{kind}?identifier={SYNTHEA}|{identity}"}
        return found | ({"display": self.known[identity]} if self.known.get(identity) else {})


def rest(row: Row, *used: str) -> Resource:
    """Return the cells that no element takes, so that nothing of the row is lost."""
    left = [
        {"url": f"{BASE}{name}", "valueString": cell}
        for name, cell in row.items()
        if cell and name not in used
    ]
    return {"extension": left} if left else {}


def concept(code: str, text: str, system: str) -> Resource:
    """Return a coded term."""
    coding = {"system": system, "code": code} | ({"display": text} if text else {})
    return ({"coding": [coding]} if code else {}) | ({"text": text} if text else {})


def period(start: str, stop: str) -> Resource:
    """Return a time from and to."""
    return {name: at for name, at in (("start", start), ("end", stop)) if at}


def given(**elements: Any) -> Resource:
    """Return the elements that say something."""
    return {name.rstrip("_"): value for name, value in elements.items() if value}


def number(cell: str) -> int | float | Decimal | None:
    """Return a cell as a JSON number with its digits, or nothing."""
    try:
        found = Decimal(cell)
    except InvalidOperation:
        return None
    return values.parse_number(found) if found.is_finite() else None


def money(cells: Iterable[str]) -> Resource:
    """Return the sum of amounts in the currency of Synthea."""
    total = sum((Decimal(cell) for cell in cells if number(cell) is not None), Decimal(0))
    return {"value": values.parse_number(total), "currency": "USD"}


def _identifier(value: str, **more: Any) -> Resource:
    return {"system": SYNTHEA, "value": value, **more}


def _about(row: Row, of: str = "subject", whose: str = "PATIENT") -> Resource:
    found: Resource = {of: {"reference": f"{BASE}Patient/{row[whose]}"}}
    if row.get("ENCOUNTER"):
        found["encounter"] = {"reference": f"{BASE}Encounter/{row['ENCOUNTER']}"}
    return found


def _reason(row: Row) -> Resource:
    reason = concept(row.get("REASONCODE", ""), row.get("REASONDESCRIPTION", ""), SNOMED)
    return {"reasonCode": [reason]} if reason else {}


def _address(row: Row) -> list[Resource]:
    found = given(
        line=[row["ADDRESS"]] if row.get("ADDRESS") else [], city=row.get("CITY"),
        district=row.get("COUNTY"), state=row.get("STATE") or row.get("STATE_HEADQUARTERED"),
        postalCode=row.get("ZIP"),
    )  # fmt: skip
    return [found] if found else []


_PLACE = ("ADDRESS", "CITY", "COUNTY", "STATE", "STATE_HEADQUARTERED", "ZIP")


def organization(row: Row) -> Resource:
    """Return a hospital, practice or payer."""
    phone = [{"system": "phone", "value": row["PHONE"]}] if row.get("PHONE") else []
    found = given(name=row["NAME"], telecom=phone, address=_address(row))
    numbers = [_identifier(row["Id"])]
    return {"resourceType": "Organization", "identifier": numbers} | found | rest(
        row, "Id", "NAME", "PHONE", *_PLACE
    )  # fmt: skip


def provider(row: Row) -> Resource:
    """Return somebody who treats."""
    found = given(
        name=[{"text": row["NAME"]}] if row.get("NAME") else [],
        gender=_GENDERS.get(row.get("GENDER", "")),
        qualification=[{"code": {"text": row["SPECIALITY"]}}] if row.get("SPECIALITY") else [],
        address=_address(row),
    )
    numbers = [_identifier(row["Id"])]
    return {"resourceType": "Practitioner", "identifier": numbers} | found | rest(
        row, "Id", "NAME", "GENDER", "SPECIALITY", *_PLACE
    )  # fmt: skip


def patient(row: Row, names: Names) -> Resource:
    """Return a patient."""
    kind = {"coding": [{"system": f"{CODES}/v2-0203", "code": "MR"}]}
    numbers = [_identifier(row["Id"], type=kind)]
    for column, system in (
        ("SSN", "http://hl7.org/fhir/sid/us-ssn"),
        ("DRIVERS", f"{BASE}DRIVERS"),
        ("PASSPORT", f"{BASE}PASSPORT"),
    ):  # fmt: skip
        numbers += [{"system": system, "value": row[column]}] if row.get(column) else []
    name = given(
        use="official", family=row.get("LAST"), prefix=[row["PREFIX"]] if row.get("PREFIX") else [],
        given=[row[one] for one in ("FIRST", "MIDDLE") if row.get(one)],
        suffix=[row["SUFFIX"]] if row.get("SUFFIX") else [],
    )  # fmt: skip
    maiden = [{"use": "maiden", "family": row["MAIDEN"]}] if row.get("MAIDEN") else []
    marital = concept(row.get("MARITAL", ""), "", f"{CODES}/v3-MaritalStatus")
    found = given(
        gender=_GENDERS.get(row.get("GENDER", "")), birthDate=row.get("BIRTHDATE"),
        deceasedDateTime=row.get("DEATHDATE"), maritalStatus=marital, address=_address(row),
    )  # fmt: skip
    return {"resourceType": "Patient", "identifier": numbers, "name": [name, *maiden]} | found | rest(
        row, "Id", "SSN", "DRIVERS", "PASSPORT", "LAST", "FIRST", "MIDDLE", "PREFIX", "SUFFIX", "MAIDEN",
        "GENDER", "BIRTHDATE", "DEATHDATE", "MARITAL", *_PLACE,
    )  # fmt: skip


def encounter(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return a visit."""
    who = (
        [{"individual": names.reference("Practitioner", row["PROVIDER"])}]
        if row.get("PROVIDER")
        else []
    )
    where = (
        names.reference("Organization", row["ORGANIZATION"]) if row.get("ORGANIZATION") else None
    )
    code = _CLASSES.get(row["ENCOUNTERCLASS"], "AMB")
    return {
        "resourceType": "Encounter",
        "status": "finished" if row.get("STOP") else "in-progress",
        "class": {"system": f"{CODES}/v3-ActCode", "code": code},
        "type": [concept(row["CODE"], row["DESCRIPTION"], SNOMED)],
        "period": period(row["START"], row.get("STOP", "")),
        **_about(row), **_reason(row), **given(participant=who, serviceProvider=where),
        **rest(
            row, "Id", "START", "STOP", "PATIENT", "ORGANIZATION", "PROVIDER", "CODE", "DESCRIPTION",
            "REASONCODE", "REASONDESCRIPTION",
        ),
    }  # fmt: skip


def condition(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return a diagnosis."""
    state = "resolved" if row.get("STOP") else "active"
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": f"{CODES}/condition-clinical", "code": state}]},
        "verificationStatus": {
            "coding": [{"system": f"{CODES}/condition-ver-status", "code": "confirmed"}]
        },
        "code": concept(row["CODE"], row["DESCRIPTION"], SNOMED),
        **_about(row),
        **given(onsetDateTime=row["START"], abatementDateTime=row.get("STOP")),
        **rest(row, "START", "STOP", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION"),
    }


def allergy(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return an allergy or intolerance."""
    reactions = [
        given(
            manifestation=[concept(row.get(f"REACTION{n}", ""), row.get(f"DESCRIPTION{n}", ""), SNOMED)],
            severity=row.get(f"SEVERITY{n}", "").lower(),
        )
        for n in (1, 2)
        if row.get(f"REACTION{n}") or row.get(f"DESCRIPTION{n}")
    ]  # fmt: skip
    state = "inactive" if row.get("STOP") else "active"
    system = RXNORM if row.get("SYSTEM", "").casefold() == "rxnorm" else SNOMED
    kind = row.get("TYPE", "")
    about = _about(row, "patient")
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": f"{CODES}/allergyintolerance-clinical", "code": state}]},
        "code": concept(row["CODE"], row["DESCRIPTION"], system),
        **about,
        **given(
            type_=kind if kind in ("allergy", "intolerance") else "",
            category=[row["CATEGORY"]] if row.get("CATEGORY") else [],
            recordedDate=row["START"], reaction=reactions,
        ),
        **rest(
            row, "START", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION", "TYPE", "CATEGORY",
            *(f"{name}{n}" for name in ("REACTION", "DESCRIPTION", "SEVERITY") for n in (1, 2)),
        ),
    }  # fmt: skip


def medication(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return a prescription."""
    return {
        "resourceType": "MedicationRequest",
        "status": "stopped" if row.get("STOP") else "active",
        "intent": "order",
        "medicationCodeableConcept": concept(row["CODE"], row["DESCRIPTION"], RXNORM),
        "authoredOn": row["START"],
        **_about(row), **_reason(row),
        **rest(
            row, "START", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION", "REASONCODE", "REASONDESCRIPTION",
        ),
    }  # fmt: skip


def observation(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return something measured or asked."""
    found = number(row["VALUE"]) if row.get("TYPE") == "numeric" else None
    unit = row.get("UNITS", "")
    value: Resource = {"valueString": row["VALUE"]} if row.get("VALUE", "").strip() else {}
    if found is not None:
        value = {"valueQuantity": {"value": found} | given(unit=unit, code=unit)}
    category = row.get("CATEGORY", "")
    groups = (
        [{"coding": [{"system": f"{CODES}/observation-category", "code": category}]}]
        if category
        else []
    )
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(row["CODE"], row["DESCRIPTION"], LOINC),
        **_about(row), **given(category=groups, effectiveDateTime=row["DATE"]), **value,
        **rest(
            row, "DATE", "PATIENT", "ENCOUNTER", "CATEGORY", "CODE", "DESCRIPTION", "VALUE", "UNITS", "TYPE",
        ),
    }  # fmt: skip


def immunization(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return a vaccination."""
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": concept(row["CODE"], row["DESCRIPTION"], CVX),
        "occurrenceDateTime": row["DATE"],
        **_about(row, "patient"),
        **rest(row, "DATE", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION"),
    }


def procedure(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return something done."""
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": concept(row["CODE"], row["DESCRIPTION"], SNOMED),
        "performedPeriod": period(row["START"], row.get("STOP", "")),
        **_about(row), **_reason(row),
        **rest(
            row, "START", "STOP", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION", "REASONCODE",
            "REASONDESCRIPTION",
        ),
    }  # fmt: skip


def care_plan(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return a plan of care."""
    return {
        "resourceType": "CarePlan",
        "status": "completed" if row.get("STOP") else "active",
        "intent": "order",
        "category": [concept(row["CODE"], row["DESCRIPTION"], SNOMED)],
        "period": period(row["START"], row.get("STOP", "")),
        **_about(row), **given(title=row["DESCRIPTION"]),
        **rest(row, "Id", "START", "STOP", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION"),
    }  # fmt: skip


def claim(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return a claim with its charges; payments and transfers are kept beside them."""
    charges = [one for one in lines if one["TYPE"] == "CHARGE"]
    items = [_item(place, one) for place, one in enumerate(charges or [{}], start=1)]
    if row.get("APPOINTMENTID"):
        items[0]["encounter"] = [{"reference": f"{BASE}Encounter/{row['APPOINTMENTID']}"}]
    diagnoses = [row[f"DIAGNOSIS{n}"] for n in range(1, 9) if row.get(f"DIAGNOSIS{n}")]
    payer = row.get("PRIMARYPATIENTINSURANCEID", "0")
    kept = rest(row, "Id", "PATIENTID", "SERVICEDATE", *(f"DIAGNOSIS{n}" for n in range(1, 9)))
    beside = [
        {"url": f"{BASE}{one['TYPE']}", **rest(one, "TYPE", "CLAIMID", "PATIENTID")}
        for one in lines
        if one["TYPE"] != "CHARGE"
    ]
    return {
        "resourceType": "Claim",
        "status": "active",
        "use": "claim",
        "type": {"coding": [{"system": f"{CODES}/claim-type", "code": "professional"}]},
        "patient": {"reference": f"{BASE}Patient/{row['PATIENTID']}"},
        "created": row["SERVICEDATE"],
        "total": money(one.get("AMOUNT", "") for one in charges),
        "item": items,
        **given(
            diagnosis=[
                {"sequence": n, "diagnosisCodeableConcept": {"coding": [{"system": SNOMED, "code": code}]}}
                for n, code in enumerate(diagnoses, start=1)
            ],
            insurance=[
                {"sequence": 1, "focal": True, "coverage": {"display": names.known.get(payer) or payer}}
            ] if payer != "0" else [],
            extension=[*kept.get("extension", ()), *beside],
        ),
    }  # fmt: skip


def _item(place: int, row: Row) -> Resource:
    found = given(
        productOrService=concept(row.get("PROCEDURECODE", ""), row.get("NOTES", ""), SNOMED),
        servicedPeriod=period(row.get("FROMDATE", ""), row.get("TODATE", "")),
        net=money([row["AMOUNT"]]) if row.get("AMOUNT") else None,
    )
    used = (
        "TYPE",
        "CLAIMID",
        "PATIENTID",
        "PROCEDURECODE",
        "NOTES",
        "FROMDATE",
        "TODATE",
        "AMOUNT",
    )
    return {"sequence": place} | found | rest(row, *used)


def coverage(row: Row, names: Names, lines: Sequence[Row]) -> Resource:
    """Return an insurance for some time."""
    payer = names.reference("Organization", row["PAYER"])
    return {
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": {"reference": f"{BASE}Patient/{row['PATIENT']}"},
        "payor": [payer],
        "period": period(row["START_YEAR"], row.get("END_YEAR", "")),
        **given(subscriberId=row.get("MEMBERID")),
        **rest(row, "PATIENT", "MEMBERID", "START_YEAR", "END_YEAR", "PAYER"),
    }


Of = Callable[[Row, Names, Sequence[Row]], Resource]
DIRECTORY: Mapping[str, Callable[[Row], Resource]] = {
    "organizations": organization, "providers": provider, "payers": organization,
}  # fmt: skip
OF_PATIENTS: Mapping[str, Of] = {
    "encounters": encounter, "conditions": condition, "allergies": allergy, "medications": medication,
    "observations": observation, "immunizations": immunization, "procedures": procedure,
    "careplans": care_plan, "claims": claim, "payer_transitions": coverage,
}  # fmt: skip
