"""Diagnoses, allergies, medicines, vaccines, procedures, plans: what is found and what is done."""

from __future__ import annotations

from datetime import timedelta

from crm.demo.chart import RESTRICTED, Chart, Resource, Visit
from crm.demo.concepts import Concept
from crm.demo.courses.shapes import NEEDED, Course, Order, Plan, Spell
from crm.demo.vocabulary import deeds
from crm.demo.vocabulary.allergens import ALLERGENS, Allergen

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ALLERGY_VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
DISPENSED = Concept("Medicine dispensed", "药品")
TREATMENT = Concept("Treatment", "诊疗项目")
PLAN_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"


def _status(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def lasting_status(chart: Chart, at_end: str) -> str:
    """Tell that care goes on, or how it is called once a life has ended."""
    return at_end if chart.person.died_days_ago else "active"


def lasting(chart: Chart, visit: Visit, course: Course) -> str:
    """Write a lasting diagnosis, first told at this visit or years before."""
    if course.started_days_ago is not None:
        onset = chart.almanac.on(course.started_days_ago)
    else:
        shortest, longest = course.since
        onset = chart.almanac.on(40 + chart.dice.between(365 * shortest, 365 * longest + 300))
    body: Resource = {
        "clinicalStatus": _status(CLINICAL, "active"),
        "verificationStatus": _status(VERIFIED, "confirmed"),
        "category": [_status(CATEGORY, "problem-list-item")],
        "code": course.problem.codeable(),
        **chart.about(visit),
        "onsetDateTime": max(onset, chart.birth_on).isoformat(),
        "recordedDate": visit.after(15),
    }
    labels = [RESTRICTED] if course.restricted else []
    return chart.add("Condition", body, labels=labels)


def passing(chart: Chart, visit: Visit, spell: Spell) -> str:
    """Write a passing diagnosis; it is over when its days are over."""
    ends_at = visit.starts_at + timedelta(days=spell.lasts)
    over = ends_at.date() < chart.almanac.today
    body: Resource = {
        "clinicalStatus": _status(CLINICAL, "resolved" if over else "active"),
        "verificationStatus": _status(VERIFIED, "confirmed"),
        "category": [_status(CATEGORY, "encounter-diagnosis")],
        "code": spell.problem.codeable(),
        **chart.about(visit),
        "onsetDateTime": (visit.starts_at - timedelta(days=2)).date().isoformat(),
        "recordedDate": visit.after(15),
    }
    if over:
        body["abatementDateTime"] = ends_at.date().isoformat()
    return chart.add("Condition", body)


def allergy(chart: Chart, visit: Visit, name: str) -> None:
    """Write an allergy with its reaction."""
    allergen: Allergen = ALLERGENS[name]
    body: Resource = {
        "clinicalStatus": _status(ALLERGY_CLINICAL, "active"),
        "verificationStatus": _status(ALLERGY_VERIFIED, "confirmed"),
        "type": "allergy",
        "category": [allergen.kind],
        "criticality": allergen.criticality,
        "code": allergen.concept.codeable(),
        **chart.about(visit, name="patient"),
        "recordedDate": visit.after(8),
        "reaction": [
            {"manifestation": [allergen.reaction.codeable()], "severity": allergen.severity}
        ],
    }
    chart.add("AllergyIntolerance", body)


def prescribe(
    chart: Chart, visit: Visit, order: Order, reason: str, *, ended: bool, hidden: bool = False
) -> None:
    """Write a medicine ordered at a visit."""
    times, unit, english, chinese = order.often
    amount, form, han_form = order.dose
    shown = f"{amount:g} {form} {english} · {chinese} 每次{amount:g}{han_form}"
    timing: Resource = {"repeat": {"frequency": times, "period": 1, "periodUnit": unit}}
    dosage: Resource = {
        "sequence": 1,
        "text": shown,
        "doseAndRate": [{"doseQuantity": {"value": amount, "unit": form}}],
    }
    dosage.update({"asNeededBoolean": True} if order.often == NEEDED else {"timing": timing})
    body: Resource = {
        "status": "completed" if ended else lasting_status(chart, "stopped"),
        "intent": "order",
        "medicationCodeableConcept": order.medicine.codeable(),
        **chart.about(visit),
        "authoredOn": visit.after(18),
        "requester": {"reference": visit.doctor},
        "reasonReference": [{"reference": reason}],
        "dosageInstruction": [dosage],
        "dispenseRequest": {
            "expectedSupplyDuration": {"value": order.days, "unit": "days", "code": "d"}
        },
    }
    chart.add("MedicationRequest", body, labels=[RESTRICTED] if hidden else [])
    # A bill names no medicine that would tell a restricted illness to the finance office.
    billed = DISPENSED if hidden else order.medicine
    visit.lines.append((billed, 12 + order.days // 2))


def vaccinate(chart: Chart, visit: Visit, vaccine: Concept) -> None:
    """Write a vaccine given at a visit."""
    lot = f"DEMO{chart.dice.between(1000, 9999)}"
    body: Resource = {
        "status": "completed",
        "vaccineCode": vaccine.codeable(),
        **chart.about(visit, name="patient"),
        "occurrenceDateTime": visit.after(12),
        "primarySource": True,
        "lotNumber": lot,
        "performer": [{"actor": {"display": "Vaccination nurse · 接种护士"}}],
    }
    chart.add("Immunization", body)
    visit.lines.append((vaccine, 130 if chart.person.grown else 0))


def perform(
    chart: Chart, visit: Visit, deed: Concept, reason: str, *, hidden: bool = False
) -> None:
    """Write a procedure done at a visit."""
    body: Resource = {
        "status": "completed",
        "code": deed.codeable(),
        **chart.about(visit),
        "performedPeriod": {"start": visit.after(10), "end": visit.after(25)},
        "performer": [{"actor": {"reference": visit.doctor}}],
        "reasonReference": [{"reference": reason}],
    }
    chart.add("Procedure", body, labels=[RESTRICTED] if hidden else [])
    visit.lines.append((TREATMENT if hidden else deed, deeds.price(deed)))


def plan(chart: Chart, visit: Visit, wanted: Plan, problem: str, *, hidden: bool) -> None:
    """Write a care plan, its activities and, where there is one, its goal."""
    labels = [RESTRICTED] if hidden else []
    body: Resource = {
        "status": lasting_status(chart, "completed"),
        "intent": "plan",
        "category": [_status(PLAN_CATEGORY, "assess-plan"), wanted.concept.codeable()],
        "title": wanted.concept.text,
        **chart.about(visit),
        "period": {"start": visit.starts},
        "addresses": [{"reference": problem}],
        "activity": [
            {"detail": {"code": activity.codeable(), "status": "in-progress"}}
            for activity in wanted.activities
        ],
    }
    if wanted.goal:
        aim: Resource = {
            "lifecycleStatus": "active",
            "description": wanted.goal.codeable(),
            **chart.about(),
            "startDate": visit.starts_at.date().isoformat(),
            "addresses": [{"reference": problem}],
        }
        body["goal"] = [{"reference": chart.add("Goal", aim, labels=labels)}]
    chart.add("CarePlan", body, labels=labels)
