"""The timeline of a relationship: what each reader sees of it, page by page, in a flat number of queries."""

from datetime import timedelta

import pytest
from django.utils import timezone

from engagement import timeline as registry
from engagement.models import Interaction
from engagement.queries import timeline, work
from engagement.services import contacts, tasks
from engagement.services.contacts import Said
from patients.models import Encounter
from patients.queries import chart as charts
from tests import consenting
from tests.engagement import following
from tests.patients import cast

pytestmark = [pytest.mark.django_db]
NOW = timezone.now()


@pytest.fixture
def mia(system):
    row = cast.patient(record_number="R-1")
    Encounter.objects.create(patient=row, type_text="Check-up", occurred_at=NOW - timedelta(days=4))
    consenting.allow(row)
    return row


@pytest.fixture
def doctor(mia):
    user = cast.staff("physician")
    cast.care(user, mia)
    return user


def call(patient, by, *, area="care", hours=1, summary="Feels well"):
    said = Said(area, "call_out", "reached", summary, timezone.now() - timedelta(hours=hours))
    return contacts.note(patient_id=patient.pk, said=said, by=by)


def titles(user, patient, **asked):
    with cast.acting(user):
        found = timeline.page(charts.find(user, patient.pk, is_fresh=True), **asked)
    return [one["title"] for one in found["items"]], [one["key"] for one in found["kinds"]]


def test_everybody_sees_the_kinds_and_areas_of_the_own_role(mia, doctor):
    for area in ("care", "desk", "outreach"):
        call(mia, doctor, area=area, summary=f"Said to {area}")
        row = following.task(mia, title=f"To do of {area}", area=area)
        tasks.cancel(task_id=row.pk, version=1, reason="Moved away", by=doctor)
    seen, kinds = titles(doctor, mia)
    assert {"appointments", "calls", "visits", "tasks", "consents", "requests"} <= set(kinds)
    assert len(seen) == 6
    assert {"Check-up", "To do of care: given up", "To do of desk: given up"} < set(seen)
    desk, kinds = titles(cast.staff("receptionist"), mia)
    assert {"calls", "tasks", "consents"} <= set(kinds)
    assert not {"visits", "requests"} & set(kinds)
    assert {one for one in desk if "To do" in one} == {"To do of desk: given up"}
    out, kinds = titles(cast.staff("engagement"), mia)
    assert {"calls", "tasks", "consents"} <= set(kinds)
    assert not {"visits", "requests", "appointments", "messages"} & set(kinds)
    assert {one for one in out if "To do" in one} == {"To do of outreach: given up"}
    _money, kinds = titles(cast.staff("finance"), mia)
    assert "visits" not in kinds


def test_pages_follow_each_other_without_gap_or_repeat_even_within_one_instant(mia, doctor):
    same = timezone.now() - timedelta(hours=3)
    for number in range(30):
        Interaction.objects.create(
            patient=mia, kind="talk", outcome="reached", summary=f"Nr {number}",
            occurred_at=same if 20 < number < 28 else same - timedelta(minutes=number),
        )  # fmt: skip
    seen, after = [], ""
    with cast.acting(doctor):
        chart = charts.find(doctor, mia.pk, is_fresh=True)
        while True:
            page = timeline.page(chart, kind="calls", after=after)
            seen += [one["text"] for one in page["items"]]
            after = page["next"]
            if not after:
                break
    assert len(seen) == 30
    assert len(set(seen)) == 30


def test_the_number_of_queries_does_not_grow_with_the_lines(mia, doctor):
    def queries():
        with cast.acting(doctor), cast.CaptureQueries() as found:
            chart = charts.find(doctor, mia.pk, is_fresh=True)
            timeline.page(chart)
            work.page(doctor, show="today")
            work.board(doctor, work.Asked())
        return len(found)

    def more(number):
        call(mia, doctor, hours=number + 2)
        following.task(mia, doctor)
        other = cast.patient(given=f"Nr{number}")
        cast.care(doctor, other)
        following.task(other, doctor)

    more(0)
    one = queries()
    for number in range(1, 10):
        more(number)
    assert queries() == one


def test_a_source_of_a_taken_key_is_refused():
    one = next(iter(registry.sources().values()))
    registry.add(one)
    with pytest.raises(ValueError, match="there is a source"):
        registry.add(registry.Source(one.key, one.label, "x", one.permission, one.read))


def test_a_broken_seal_leaves_a_line_that_says_so(mia, doctor):
    row = call(mia, doctor)
    cast.break_seal(row, "sealed")
    seen, _kinds = titles(doctor, mia, kind="calls")
    assert seen == ["Unavailable"]
