"""Importing visits: when somebody was here, and how; nothing clinical."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from patients.fhir.mapping import SHAPES
from patients.imports import cells, rows
from patients.imports.registry import Column, Importer, Line, Plan
from patients.models import Encounter
from security.access.permissions import Permission

_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_CLASSES = {
    word: code
    for code, words in {
        "AMB": "amb ambulatory outpatient wellness 门诊",
        "EMER": "emer emergency urgentcare 急诊",
        "IMP": "imp inpatient 住院",
        "HH": "hh home 上门 出诊",
        "VR": "vr virtual phone 线上 电话",
    }.items()
    for word in words.split()
}
_STATES = {
    word: state
    for state, words in {
        "planned": "planned booked 预约 已预约",
        "in-progress": "in-progress open 进行中",
        "finished": "finished done completed closed 已完成 完成",
        "cancelled": "cancelled canceled 取消 已取消",
    }.items()
    for word in words.split()
}
COLUMNS = (
    rows.WHOSE,
    Column(
        "number", _("Visit number"), cells.number, True, "V-2024-0071",
        "visit id,encounter id,visit no,encounter number,id,就诊号,门诊号,就诊编号,流水号",
    ),
    Column(
        "start", _("Beginning"), cells.instant, True, "2024-03-01 09:30",
        "start time,visit date,date,from,admitted,就诊日期,就诊时间,开始时间,入院时间,日期",
    ),
    Column(
        "end", _("End"), cells.instant, example="2024-03-01 09:50",
        synonyms="stop,end time,until,discharged,结束时间,出院时间",
    ),
    Column(
        "kind", _("Kind of visit"), cells.choice("choice", _CLASSES), example="ambulatory",
        synonyms="class,encounter class,encounterclass,visit class,就诊类型,就诊类别",
    ),
    Column(
        "type", _("Description"), cells.text, example="Follow-up",
        synonyms="type,visit type,description,就诊说明,科室",
    ),
    Column(
        "status", _("Status"), cells.choice("choice", _STATES), example="finished",
        synonyms="state,visit status,状态",
    ),
)  # fmt: skip


def resource_of(line: Line, patient_id: UUID) -> dict[str, Any]:
    """Return a line as the resource that the record keeps and gives back."""
    said = line.said
    found: dict[str, Any] = {
        "resourceType": "Encounter",
        "identifier": [rows.identifier("visit-number", said["number"])],
        "status": said.get("status", "finished"),
        "class": {"system": _ACT_CODE, "code": said.get("kind", "AMB")},
        "subject": {"reference": f"Patient/{patient_id}"},
        "period": {"start": said["start"]} | ({"end": said["end"]} if "end" in said else {}),
    }
    return found | ({"type": [{"text": said["type"]}]} if "type" in said else {})


def plan(lines: Sequence[Line]) -> Plan:
    """Plan the visits of patients who are registered."""
    for line in lines:
        start, end = line.said["start"], line.said.get("end")
        # As texts alone where both have a clock and a zone or neither.
        if end and len(start) == len(end) and start[19:] == end[19:] and end < start:
            line.refuse("end", "end")
    good = [line for line in lines if not line.is_bad]
    return rows.plan_records(
        good, kind="encounters", shape=SHAPES["Encounter"], resource=resource_of
    )


ENCOUNTERS = Importer(
    "encounters",
    _("Visits"),
    _("Adds visits of registered patients: when, how, and what kind. Reasons are not imported here."),
    "calendar-event",
    Encounter,
    (Permission.APPOINTMENTS_WRITE,),
    COLUMNS,
    plan,
    identity="number",
    reading=(Permission.APPOINTMENTS_READ, Permission.IDENTIFIERS_READ),
)  # fmt: skip
