"""The year of a child: check-ups that fall due with age, and the vaccines of the programme."""

from __future__ import annotations

from crm.demo import findings, therapy, visits
from crm.demo.almanac import OLDEST
from crm.demo.chart import Chart, Visit
from crm.demo.concepts import Concept
from crm.demo.findings import Body
from crm.demo.vocabulary import deeds
from crm.demo.vocabulary.vaccines import CHILD_PROGRAMME, INFLUENZA

MONTH = 30.44
BABY_CHECKS = (1, 2, 3, 4, 5, 6, 8, 9, 12, 15, 18, 24, 30)


def check_ups(chart: Chart, body: Body) -> list[Visit]:
    """Write the check-ups of the last year, with the vaccines due at each."""
    age_days = chart.almanac.days_since(chart.birth_on)
    seen = []
    for month in BABY_CHECKS if chart.person.months else (chart.person.age * 12,):
        days_ago = round(age_days - month * MONTH) - 2
        if not 2 <= days_ago <= OLDEST:
            continue
        visit = visits.open_visit(chart, days_ago, deeds.WELL_CHILD)
        findings.vital_signs(chart, visit, body)
        for vaccine in due_at(month):
            therapy.vaccinate(chart, visit, vaccine)
        seen.append(visit)
    if "egg" not in chart.person.allergies and not chart.person.months:
        seen.append(season(chart))
    return seen


def due_at(month: int) -> tuple[Concept, ...]:
    """Tell the vaccines that fall due at an age in months."""
    return next((given for due, given in CHILD_PROGRAMME if due == month), ())


def season(chart: Chart) -> Visit:
    """Write the influenza vaccine of the season."""
    visit = visits.open_visit(chart, chart.almanac.flu_day(chart.dice), deeds.VACCINATION)
    therapy.vaccinate(chart, visit, INFLUENZA)
    return visit
