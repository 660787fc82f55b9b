"""Encounters: when the patient came, why, whom the patient saw, and the bill at the end."""

from __future__ import annotations

from datetime import datetime, timedelta

from crm.demo.chart import Chart, Resource, Visit
from crm.demo.concepts import Concept
from crm.demo.vocabulary import deeds

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CLASSES = {deeds.HOME_VISIT: ("HH", "home health"), deeds.ADMISSION: ("IMP", "inpatient encounter")}
DAY = 24 * 60


def free_day(chart: Chart, days_ago: int) -> int:
    """Find a day near the wished one on which the patient has no visit yet."""
    day = chart.almanac.workday(days_ago)
    while day in chart.days_taken:
        day = chart.almanac.workday(day + 1)
    chart.days_taken.add(day)
    return day


def open_visit(
    chart: Chart, days_ago: int, kind: Concept, share: float = 1.0, doctor: str = ""
) -> Visit:
    """Write an encounter; `share` tells how far through the year's care it lies, 0 to 1."""
    starts_at = chart.almanac.at(free_day(chart, days_ago), chart.dice)
    minutes = 5 * DAY if kind == deeds.ADMISSION else chart.dice.pick((15, 20, 25, 30))
    code, display = CLASSES.get(kind, ("AMB", "ambulatory"))
    seen_by = chart.doctors[doctor or chart.person.doctor]
    body: Resource = {
        "status": "finished",
        "class": {"system": ACT_CODE, "code": code, "display": display},
        "type": [kind.codeable()],
        **chart.about(),
        "participant": [{"individual": {"reference": seen_by}}],
        "period": _period(starts_at, minutes),
        "serviceProvider": {"reference": chart.clinic},
    }
    visit = Visit(chart.add("Encounter", body), starts_at, kind, share, seen_by)
    visit.lines.append((kind, deeds.price(kind)))
    return visit


def close_visit(chart: Chart, visit: Visit) -> None:
    """Write the claim for a visit, item by item."""
    body: Resource = {
        "status": "active",
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/claim-type",
                    "code": "professional",
                }
            ]
        },
        "use": "claim",
        **chart.about(name="patient"),
        "billablePeriod": _period(visit.starts_at, 30),
        "created": visit.after(40),
        "provider": {"reference": chart.clinic},
        "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": chart.coverage}}],
        "item": [
            {
                "sequence": place,
                "productOrService": concept.codeable(),
                "encounter": [{"reference": visit.ref}],
                "net": {"value": price, "currency": "CNY"},
            }
            for place, (concept, price) in enumerate(visit.lines, 1)
        ],
        "total": {"value": sum(price for _, price in visit.lines), "currency": "CNY"},
    }
    if visit.reasons:
        # A bill carries the code itself: who handles bills may not open the record for it.
        codes = {entry["fullUrl"]: entry["resource"].get("code") for entry in chart.entries}
        body["diagnosis"] = [
            {"sequence": place, "diagnosisCodeableConcept": codes[reason]}
            for place, reason in enumerate(visit.reasons, 1)
        ]
    chart.add("Claim", body)


def tell_reason(chart: Chart, visit: Visit, concept: Concept) -> None:
    """Write on an encounter why the patient came."""
    for entry in chart.entries:
        if entry["fullUrl"] == visit.ref:
            entry["resource"].setdefault("reasonCode", []).append(concept.codeable())


def _period(starts_at: datetime, minutes: int) -> Resource:
    ends_at = starts_at + timedelta(minutes=minutes)
    return {"start": starts_at.isoformat(), "end": ends_at.isoformat()}
