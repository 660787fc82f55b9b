"""Measurements: vital signs at each visit, laboratory panels as reports, scores as surveys."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm.demo import growth
from crm.demo.chart import RESTRICTED, Chart, Resource, Visit
from crm.demo.concepts import UCUM, Concept, loinc
from crm.demo.dice import Dice
from crm.demo.people import Person
from crm.demo.vocabulary.measures import MEASURES, PANELS, VITAL, Measure

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
TESTS = Concept("Laboratory tests", "检验项目")
PRESSURE = loinc("Blood pressure panel", "血压", "85354-9")
SMOKING = loinc("Tobacco smoking status", "吸烟状况", "72166-2")
SMOKER = {
    "never": ("266919005", "Never smoked tobacco · 从不吸烟"),
    "former": ("8517006", "Ex-smoker · 已戒烟"),
    "current": ("449868002", "Smokes tobacco daily · 每日吸烟"),
}
LABELS = {"vital-signs": "Vital signs", "laboratory": "Laboratory", "survey": "Survey"}
PRESSURE_FROM = 36
ADULT_MONTHS = 216
KAPPA = {"female": (0.7, -0.241, 1.012), "male": (0.9, -0.302, 1.0)}


@dataclass
class Body:
    """How the body of this person runs through the year: trends by measure, and its size."""

    trends: dict[str, tuple[float, float]] = field(default_factory=dict)
    height: float = 0.0
    build: float = 22.5


def body_of(chart: Chart, trends: dict[str, tuple[float, float]]) -> Body:
    """Tell the body from the person and the illnesses' trends."""
    height = growth.stature(chart.person.sex, chart.person.age, chart.dice)
    return Body(trends, round(height, 1), chart.dice.real(20.5, 25.5))


def value_of(chart: Chart, body: Body, name: str, share: float) -> float:
    """Tell the value of a measure at a point of the year, with the small noise of real life."""
    measure = MEASURES[name]
    if name in body.trends:
        first, last = body.trends[name]
        value = first + (last - first) * share
    else:
        low, high = measure.bounds(chart.person.sex)
        # Healthy values keep to the person's own level from one visit to the next.
        level = Dice(f"level/{chart.person.key}/{name}").real(0.25, 0.75)
        value = low + (high - low) * level
    noise = chart.dice.real(-0.02, 0.02) * value
    return round(value + noise, measure.digits)


def vital_signs(chart: Chart, visit: Visit, body: Body) -> None:
    """Write what the nurse measures before the doctor comes in."""
    months = chart.person.months_at(chart.almanac, visit.starts_at.date())
    if months >= PRESSURE_FROM:
        pressure(chart, visit, body, months)
    observe(chart, visit, "pulse", pulse(chart, body, visit.share, months))
    if months < ADULT_MONTHS:
        child_size(chart, visit, months)
    else:
        adult_size(chart, visit, body)
    if "oxygen" in body.trends:
        observe(chart, visit, "oxygen", value_of(chart, body, "oxygen", visit.share))


def pulse(chart: Chart, body: Body, share: float, months: float) -> float:
    """Tell a heart rate that suits the age."""
    if "pulse" in body.trends:
        return value_of(chart, body, "pulse", share)
    middle = 72.0 if months >= ADULT_MONTHS else max(74.0, 138 - months * 0.55)
    return round(middle + chart.dice.real(-8, 8))


def pressure(chart: Chart, visit: Visit, body: Body, months: float) -> None:
    """Write the blood pressure with its two components."""
    if months < ADULT_MONTHS:
        years = months / 12
        systolic = round(86 + 2 * years + chart.dice.real(-6, 6))
        diastolic = round(52 + years + chart.dice.real(-5, 5))
    else:
        systolic = round(value_of(chart, body, "systolic", visit.share))
        diastolic = round(value_of(chart, body, "diastolic", visit.share))
    values = {"systolic": systolic, "diastolic": diastolic}
    resource: Resource = {
        "status": "final",
        "category": category("vital-signs"),
        "code": PRESSURE.codeable(),
        **chart.about(visit),
        "effectiveDateTime": visit.after(4),
        "component": [
            {
                "code": MEASURES[name].concept.codeable(),
                "valueQuantity": quantity(MEASURES[name], value),
                **judgement(chart.person, MEASURES[name], value),
            }
            for name, value in values.items()
        ],
    }
    chart.add("Observation", resource)


def child_size(chart: Chart, visit: Visit, months: float) -> None:
    """Write weight and height of a child, and the head of a baby."""
    weight, height, head = growth.child(months, chart.person.sex)
    # One share per child, not per visit: a small child stays small and never shrinks.
    share = 0.96 + 0.08 * (chart.person.number % 7) / 6
    observe(chart, visit, "weight", round(weight * share, 1))
    observe(chart, visit, "height", round(height * (1 + (share - 1) / 2), 1))
    if months <= 24:
        observe(chart, visit, "head", round(head, 1))


def adult_size(chart: Chart, visit: Visit, body: Body) -> None:
    """Write an adult's weight, and the height once a year."""
    first, last = body.trends.get("bmi", (body.build, body.build + 0.2))
    index = first + (last - first) * visit.share + chart.dice.real(-0.15, 0.15)
    weight = round(index * (body.height / 100) ** 2, 1)
    observe(chart, visit, "weight", weight)
    observe(chart, visit, "bmi", round(weight / (body.height / 100) ** 2, 1))
    if visit.share == 0:
        observe(chart, visit, "height", body.height)


def observe(chart: Chart, visit: Visit, name: str, value: float, *, hidden: bool = False) -> str:
    """Write one measurement."""
    measure = MEASURES[name]
    resource: Resource = {
        "status": "final",
        "category": category(measure.kind),
        "code": measure.concept.codeable(),
        **chart.about(visit),
        "effectiveDateTime": visit.after(6),
        "valueQuantity": quantity(measure, value),
        **judgement(chart.person, measure, value),
    }
    return chart.add("Observation", resource, labels=[RESTRICTED] if hidden else [])


def smoking(chart: Chart, visit: Visit) -> None:
    """Write whether the person smokes."""
    code, shown = SMOKER[chart.person.smoker]
    value = {"coding": [{"system": "http://snomed.info/sct", "code": code}], "text": shown}
    resource: Resource = {
        "status": "final",
        "category": category("social-history"),
        "code": SMOKING.codeable(),
        **chart.about(visit),
        "effectiveDateTime": visit.after(3),
        "valueCodeableConcept": value,
    }
    chart.add("Observation", resource)


def report(chart: Chart, visit: Visit, body: Body, name: str, *, hidden: bool = False) -> None:
    """Write a laboratory report and the measurements it brings."""
    panel = PANELS[name]
    values: dict[str, float] = {}
    for each in panel.measures:
        values[each] = derived(chart, body, each, values, visit.share)
    results = [
        {"reference": observe(chart, visit, each, value, hidden=hidden)}
        for each, value in values.items()
    ]
    resource: Resource = {
        "status": "final",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}
        ],
        "code": panel.concept.codeable(),
        **chart.about(visit),
        "effectiveDateTime": visit.after(6),
        "issued": visit.after(120),
        "result": results,
    }
    chart.add("DiagnosticReport", resource, labels=[RESTRICTED] if hidden else [])
    visit.lines.append((TESTS if hidden else panel.concept, panel.price))


def derived(chart: Chart, body: Body, name: str, values: dict[str, float], share: float) -> float:
    """Tell a value; those that follow from others are worked out from them."""
    if name == "cholesterol":
        total = values["ldl"] + values["hdl"] + values["triglycerides"] / 2.2
        return round(total, 2)
    if name == "egfr":
        return filtration(values["creatinine"], chart.person.age, chart.person.sex)
    return value_of(chart, body, name, share)


def filtration(creatinine: float, age: int, sex: str) -> float:
    """Work out the filtration rate from creatinine in umol/L (CKD-EPI 2021)."""
    kappa, alpha, factor = KAPPA[sex]
    ratio = creatinine / 88.4 / kappa
    below, above = float(min(ratio, 1.0) ** alpha), float(max(ratio, 1.0) ** -1.2)
    return round(142 * below * above * 0.9938**age * factor)


def quantity(measure: Measure, value: float) -> Resource:
    """Write a value with its unit."""
    number = int(value) if measure.digits == 0 else value
    return {"value": number, "unit": measure.unit, "system": UCUM, "code": measure.ucum}


def judgement(person: Person, measure: Measure, value: float) -> Resource:
    """Write the reference range, and whether the value lies outside."""
    low, high = measure.bounds(person.sex)
    # The ranges of vital signs are those of adults; a baby's heart may beat twice as fast.
    if not high or (measure.kind == VITAL and not person.grown and measure.ucum != "Cel"):
        return {}
    edge = {"unit": measure.unit, "system": UCUM, "code": measure.ucum}
    code = "L" if value < low else "H" if value > high else "N"
    return {
        "referenceRange": [{"low": {"value": low, **edge}, "high": {"value": high, **edge}}],
        "interpretation": [{"coding": [{"system": INTERPRETATION, "code": code}]}],
    }


def category(kind: str) -> list[Resource]:
    """Write the category of an observation."""
    coding = {"system": CATEGORY, "code": kind, "display": LABELS.get(kind, kind)}
    return [{"coding": [coding]}]
