"""Importing claims: what was billed, when, for whom and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from patients.fhir import values
from patients.fhir.mapping import SHAPES
from patients.imports import cells, rows
from patients.imports.registry import Column, Importer, Line, Plan
from patients.models import Claim, Encounter
from security.access.permissions import Permission

_STATES = {
    word: state
    for state, words in {
        "active": "active open billed closed paid 有效 已结算 已收费",
        "draft": "draft 草稿",
        "cancelled": "cancelled canceled void 取消 已取消 作废",
    }.items()
    for word in words.split()
}
COLUMNS = (
    rows.WHOSE,
    Column(
        "number", _("Claim number"), cells.number, True, "C-2024-0310",
        "claim id,claim no,bill number,invoice number,invoice,id,账单号,单据号,发票号,结算号",
    ),
    Column(
        "created", _("Billed on"), cells.instant, True, "2024-03-02",
        "date,bill date,claim date,service date,created,账单日期,结算日期,收费日期,日期",
    ),
    Column(
        "total", _("Total"), cells.amount, True, "128.50",
        "amount,sum,total amount,price,金额,总金额,合计,费用",
    ),
    Column(
        "currency", _("Currency"), cells.currency, example="CNY", synonyms="currency code,币种,货币",
    ),
    Column(
        "type", _("Kind of claim"), cells.text, example="professional",
        synonyms="type,claim type,账单类型,费用类型",
    ),
    Column(
        "status", _("Status"), cells.choice("choice", _STATES), example="active",
        synonyms="state,claim status,状态",
    ),
    Column(
        "visit", _("Visit number"), cells.number, example="V-2024-0071",
        synonyms="visit id,encounter id,encounter,就诊号,门诊号",
    ),
    Column(
        "diagnosis", _("Diagnosis code"), cells.number, example="J45.9",
        synonyms="icd,icd10,icd-10,diagnosis,诊断编码,诊断代码",
    ),
)  # fmt: skip
CURRENCY = "CNY"


def resource_of(line: Line, patient_id: UUID) -> dict[str, Any]:
    """Return a line as the resource that the record keeps and gives back."""
    said = line.said
    found: dict[str, Any] = {
        "resourceType": "Claim",
        "identifier": [rows.identifier("claim-number", said["number"])],
        "status": said.get("status", "active"),
        "use": "claim",
        "patient": {"reference": f"Patient/{patient_id}"},
        "created": said["created"],
        "total": {
            "value": values.parse_number(said["total"]),
            "currency": said.get("currency", CURRENCY),
        },
    }
    found |= {"type": {"text": said["type"]}} if "type" in said else {}
    if "diagnosis" in said:
        concept = {"coding": [{"code": said["diagnosis"]}]}
        found["diagnosis"] = [{"sequence": 1, "diagnosisCodeableConcept": concept}]
    if "visit" in said:
        visit = {"identifier": rows.identifier("visit-number", said["visit"])}
        found["item"] = [{"sequence": 1, "encounter": [visit]}]
    return found


def plan(lines: Sequence[Line]) -> Plan:
    """Plan the claims of patients who are registered, with the visits that they are for."""
    visits = _visits([line for line in lines if "visit" in line.said])

    def also(line: Line, patient_id: UUID) -> dict[str, Any]:
        if "visit" not in line.said:
            return {}
        visit = visits.get((patient_id, rows.key_of("encounters", line.said["visit"])))
        if visit is None:
            line.refuse("no_visit", "visit")
        return {"encounter_id": visit}

    return rows.plan_records(
        lines, kind="claims", shape=SHAPES["Claim"], resource=resource_of, also=also
    )


def _visits(lines: Sequence[Line]) -> dict[tuple[UUID, bytes], UUID]:
    """Return the imported visits that lines name, by patient and key."""
    named = rows.holders("identifier", [line.said["patient"] for line in lines])
    patients = {one for ids in named.values() for one in ids}
    keys = [rows.key_of("encounters", line.said["visit"]) for line in lines]
    found = Encounter.objects.filter(patient_id__in=patients, source_key__in=keys)
    return {
        (patient_id, bytes(key)): pk
        for pk, patient_id, key in found.values_list("pk", "patient_id", "source_key")
        if key is not None
    }


CLAIMS = Importer(
    "claims",
    _("Claims"),
    _("Adds claims of registered patients: number, day, total, and the visit they are for."),
    "receipt",
    Claim,
    (Permission.BILLING_WRITE,),
    COLUMNS,
    plan,
    identity="number",
    reading=(Permission.BILLING_READ, Permission.BILL_DIAGNOSIS_READ, Permission.IDENTIFIERS_READ),
    masked=("diagnosis",),
)
