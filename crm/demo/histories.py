"""A year of care for one person, told as a transaction bundle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo

from crm.demo import childhood, findings, registration, therapy, visits
from crm.demo.almanac import OLDEST, Almanac
from crm.demo.chart import Chart, Resource, Visit
from crm.demo.courses.catalogue import COURSES
from crm.demo.courses.shapes import Course, Spell
from crm.demo.courses.spells import ADULT_SPELLS, CHILD_SPELLS
from crm.demo.findings import Body
from crm.demo.people import Person
from crm.demo.roster import PEOPLE
from crm.demo.staff import DOCTORS
from crm.demo.vocabulary import deeds, vaccines
from crm.demo.vocabulary.allergens import ALLERGENS

CHECK_UP_PANELS = ("blood", "lipids", "sugar", "liver")
WINTER = (11, 12, 1, 2, 3)
OLD, MIDDLE = 65, 50
# Courses in which a macrolide could disturb the rhythm of the heart.
UNQUIET = {"fibrillation", "coronary", "failure", "anxiety", "depression"}


def bundles(today: date, zone: tzinfo) -> Iterator[tuple[Person, Resource]]:
    """Tell every patient with the year of care up to today."""
    almanac = Almanac(today, zone)
    for person in PEOPLE:
        yield person, bundle(person, almanac)


def directory(today: date, zone: tzinfo) -> Resource:
    """Tell the clinic and its doctors, who are known before any patient is."""
    chart = Chart(PEOPLE[0], Almanac(today, zone))
    registration.add_clinic(chart)
    for doctor in DOCTORS.values():
        registration.add_doctor(chart, doctor)
    return chart.bundle()


def bundle(person: Person, almanac: Almanac) -> Resource:
    """Tell one patient's year."""
    chart = Chart(person, almanac)
    registration.register(chart)
    courses = [COURSES[name] for name in person.courses]
    body = findings.body_of(chart, gathered(courses))
    planned = routine(chart, courses, body)
    seen = planned if person.grown else planned + childhood.check_ups(chart, body)
    seen = sorted(seen, key=lambda visit: visit.starts_at)
    for name in person.allergies:
        therapy.allergy(chart, seen[0], name)
    for course in courses:
        follow(chart, course, body, planned)
    # Colleagues stand in for each other when somebody comes with a cold.
    seen += [spell_visit(chart, body, spell) for spell in spells(chart, courses)]
    seen += protect(chart)
    if person.died_days_ago:
        seen.append(last_stay(chart, courses[0], body))
    for visit in seen:
        visits.close_visit(chart, visit)
    return chart.bundle()


def gathered(courses: list[Course]) -> dict[str, tuple[float, float]]:
    """Join the trends of a person's illnesses; the one named first leads."""
    trends: dict[str, tuple[float, float]] = {}
    for course in reversed(courses):
        trends.update(course.trends)
    return trends


def routine(chart: Chart, courses: list[Course], body: Body) -> list[Visit]:
    """Write the planned visits of the year with their vital signs."""
    kind = deeds.HOME_VISIT if chart.person.at_home else deeds.FOLLOW_UP
    days = sorted({day for course in courses for day in course.days}, reverse=True)
    if days:
        kind = next(course.visit for course in courses if course.visit)
    else:
        days = spread(chart, max((course.visits for course in courses), default=0))
    if not days and chart.person.grown:
        days, kind = [chart.dice.between(60, 250)], deeds.CHECK_UP
    seen = []
    for place, day in enumerate(days):
        share = place / (len(days) - 1) if len(days) > 1 else 0.0
        visit = visits.open_visit(chart, day, kind, share)
        findings.vital_signs(chart, visit, body)
        seen.append(visit)
    if seen and kind == deeds.CHECK_UP:
        for panel in CHECK_UP_PANELS:
            findings.report(chart, seen[0], body, panel)
    if seen and chart.person.grown:
        findings.smoking(chart, seen[0])
    return seen


def spread(chart: Chart, count: int) -> list[int]:
    """Spread visits over the year, in days ago, none after the end of a life."""
    last = chart.person.died_days_ago + 12 if chart.person.died_days_ago else 9
    last += chart.dice.between(0, 30)
    step = (OLDEST - 25 - last) / max(1, count - 1)
    return [round(OLDEST - 25 - step * place + chart.dice.real(-9, 9)) for place in range(count)]


def chosen(course: Course, seen: list[Visit]) -> list[Visit]:
    """Choose the visits at which an illness was looked after, first and last among them."""
    if course.days:
        return seen[-len(course.days) :]
    count = min(course.visits, len(seen))
    if count < 2:
        return seen[:1]
    step = (len(seen) - 1) / (count - 1)
    return [seen[round(step * place)] for place in range(count)]


def follow(chart: Chart, course: Course, body: Body, seen: list[Visit]) -> None:
    """Write how one lasting illness was looked after through the year."""
    mine = chosen(course, seen)
    problem = therapy.lasting(chart, mine[0], course)
    for visit in mine:
        # A visit or a bill that named a restricted illness would tell it to everybody at the desk.
        if not course.restricted:
            visit.reasons.append(problem)
            visits.tell_reason(chart, visit, course.problem)
        for name in course.surveys:
            value = findings.value_of(chart, body, name, visit.share)
            findings.observe(chart, visit, name, value, hidden=course.restricted)
        due = course.often + (course.seldom if visit in (mine[0], mine[-1]) else ())
        due += course.once if visit is mine[0] else ()
        for panel in due:
            if panel not in visit.panels:
                visit.panels.add(panel)
                findings.report(chart, visit, body, panel, hidden=course.restricted)
    treat(chart, course, mine, problem)


def treat(chart: Chart, course: Course, mine: list[Visit], problem: str) -> None:
    """Write the medicines, procedures and plan of one illness."""
    hidden = course.restricted
    for order in course.orders:
        # What one illness calls for already is not ordered a second time for another.
        if order.medicine in chart.medicines:
            continue
        chart.medicines.add(order.medicine)
        ended = order.ends is not None and order.ends < len(mine)
        visit = mine[min(order.begins, len(mine) - 1)]
        therapy.prescribe(chart, visit, order, problem, ended=ended, hidden=hidden)
    for place, deed in enumerate(course.deeds):
        therapy.perform(chart, mine[place % len(mine)], deed, problem, hidden=hidden)
    if course.plan:
        therapy.plan(chart, mine[0], course.plan, problem, hidden=hidden)


def spells(chart: Chart, courses: list[Course]) -> list[Spell]:
    """Draw the passing illnesses of the year; no medicine that harms or is taken anyway."""
    if chart.person.died_days_ago or chart.person.at_home:
        return []
    pool = ADULT_SPELLS if chart.person.grown else CHILD_SPELLS
    twice = chart.dice.chance(0.35)
    barred = tuple(prefix for name in chart.person.allergies for prefix in ALLERGENS[name].atc)
    taken = {order.medicine for course in courses for order in course.orders}
    found = [
        spell
        for name, spell in pool.items()
        if suits(chart.person, name)
        and not any(order.medicine.code.startswith(barred) for order in spell.orders)
        and not taken & {order.medicine for order in spell.orders}
    ]
    first = chart.dice.pick(found)
    others = [spell for spell in found if spell.problem != first.problem]
    return [first, chart.dice.pick(others)] if twice and others else [first]


def suits(person: Person, name: str) -> bool:
    """Tell whether a passing illness is likely for the person."""
    if "pregnant" in " ".join(person.courses):
        return name == "cold"
    if name == "bronchitis_antibiotic" and UNQUIET & set(person.courses):
        return False
    if name == "cystitis":
        return person.sex == "female"
    return name != "ankle" or person.age < MIDDLE


def spell_visit(chart: Chart, body: Body, spell: Spell) -> Visit:
    """Write a visit for a passing illness."""
    oldest = min(OLDEST - 5, chart.almanac.days_since(chart.birth_on) - 20)
    days = [
        day for day in range(5, oldest) if not spell.winter or chart.almanac.on(day).month in WINTER
    ]
    visit = visits.open_visit(
        chart, chart.dice.pick(days or [20]), deeds.SYMPTOM, doctor=chart.person.also
    )
    visits.tell_reason(chart, visit, spell.problem)
    warm = round(chart.dice.real(*spell.temperature), 1)
    findings.observe(chart, visit, "temperature", warm)
    months = chart.person.months_at(chart.almanac, visit.starts_at.date())
    findings.observe(chart, visit, "pulse", findings.pulse(chart, body, 0.5, months))
    problem = therapy.passing(chart, visit, spell)
    visit.reasons.append(problem)
    ill = Body({**body.trends, **spell.trends}, body.height, body.build)
    for panel in spell.panels:
        findings.report(chart, visit, ill, panel)
    for order in spell.orders:
        over = chart.almanac.days_since(visit.starts_at.date()) > order.days
        therapy.prescribe(chart, visit, order, problem, ended=over)
    for deed in spell.deeds:
        therapy.perform(chart, visit, deed, problem)
    return visit


def protect(chart: Chart) -> list[Visit]:
    """Write the adult vaccines: influenza in its season, and those of the age."""
    person = chart.person
    if not person.grown or person.died_days_ago or "egg" in person.allergies:
        return []
    pregnant = any(name.startswith("pregnant") for name in person.courses)
    due = []
    if person.age >= OLD or (person.courses and chart.dice.chance(0.5)):
        due.append(vaccines.INFLUENZA)
    if person.age >= OLD and chart.dice.chance(0.4):
        due.append(vaccines.PNEUMOCOCCAL)
    elif MIDDLE <= person.age < OLD and chart.dice.chance(0.3):
        due.append(vaccines.ZOSTER)
    elif person.sex == "female" and person.age <= 26:
        due.append(vaccines.HPV)
    if not due or pregnant:
        return []
    visit = visits.open_visit(chart, chart.almanac.flu_day(chart.dice), deeds.VACCINATION)
    for vaccine in due:
        therapy.vaccinate(chart, visit, vaccine)
    return [visit]


def last_stay(chart: Chart, course: Course, body: Body) -> Visit:
    """Write the stay in hospital at the end of a life."""
    visit = visits.open_visit(chart, chart.person.died_days_ago + 5, deeds.ADMISSION)
    visits.tell_reason(chart, visit, course.problem)
    findings.vital_signs(chart, visit, body)
    findings.report(chart, visit, body, "heart")
    return visit
