"""The minimisation meter: fill rates without values, who read last, what is unused."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Event
from consent import declarations, tasks
from consent.models import MeterReading, MeterRun
from consent.queries import meter as pages
from consent.services import meter
from patients.models import Condition, Patient
from security import trail
from security.ids import new_id
from tests import world
from tests.consent.conftest import asked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
SECRET = "Geheimnisvogel"


@pytest.fixture
def people(system):
    """Four patients of whom one has a name and a birth date, and three a name alone."""
    rows = [Patient(names=[{"text": SECRET}]) for _ in range(3)]
    rows.append(Patient(names=[{"text": SECRET}], birth_on=timezone.localdate()))
    return Patient.objects.bulk_create(rows)


@pytest.fixture
def few(monkeypatch):
    """Measure patients and their problems alone, so that a test takes no longer than it must."""
    models = {Patient, Condition}
    fields = tuple(one for one in declarations.fields() if one.model in models)
    monkeypatch.setattr(declarations, "fields", lambda: fields)
    found = [one for one in meter.sealed_models() if one in models]
    monkeypatch.setattr(meter, "sealed_models", lambda: found)


def reading(name, run=None):
    return (run or MeterRun.objects.finished().first()).readings.get(name=name)


def measured(**options):
    return meter.work(meter.begin(), **options)


def test_it_counts_what_is_there_and_keeps_no_value(people):
    run = measured()
    birth, names = reading("patients.patient.birth_on"), reading("patients.patient.names")
    assert (birth.filled_count, birth.rows_count, birth.percent) == (1, 4, 25)
    assert (names.percent, names.is_sealed, names.purpose) == (100, True, "identification")
    plain = reading("patients.patient.id")
    assert (plain.is_sealed, plain.filled_count) == (False, 4)
    assert run.filled == {}
    event = Event.objects.get(action="consent.meter.measured")
    assert event.counts["fields"] == run.readings.count() > 400
    assert SECRET not in str(list(MeterReading.objects.values()) + list(MeterRun.objects.values()))


def test_measuring_is_no_reading_of_anybody(few, people):
    with trail.acting_for(system="consent.meter", purpose="HCOMPL"):
        measured()
    assert not Event.objects.filter(action="security.record.read").exists()
    assert reading("patients.patient.names").read_at is None


def read_by(user, name, at):
    """Write an event of a reading at an instant, as the gate would."""
    Event.objects.create(
        recorded_at=at, action="security.record.read", outcome="success", actor_id=user.pk, actor_kind="staff",
        system="", roles=[], purpose="TREAT", basis="", subjects=[], object_label="", fields=[name], counts={},
        session_ref="", device_ref="", request_id=new_id(), route="", detail=b"",
    )  # fmt: skip


def test_who_read_last_is_told_and_carried_on_to_the_next_measurement(few, people, officer):
    now = timezone.now()
    read_by(officer, "patients.patient.names", now - timedelta(days=2))
    read_by(officer, "patients.patient.names", now - timedelta(days=9))
    measured()
    first = reading("patients.patient.names")
    assert first.read_by == officer.pk
    assert (now - first.read_at).days == 2
    measured()
    second = reading("patients.patient.names")
    assert second.run_id != first.run_id
    assert second.read_at == first.read_at


def test_what_is_collected_and_was_not_read_for_twelve_months_is_marked(few, people, officer):
    later = timezone.now() + timedelta(days=400)
    read_by(officer, "patients.patient.birth_on", later - timedelta(days=30))
    run = measured(now=later)
    marked = set(run.readings.filter(is_unused=True).values_list("name", flat=True))
    assert "patients.patient.names" in marked
    # One was read, one holds nothing.
    assert not {"patients.patient.birth_on", "patients.patient.sex"} & marked
    assert pages.unused_count() == len(marked)


def test_a_young_trail_proves_no_disuse(few, people, officer):
    measured()
    assert not MeterReading.objects.filter(is_unused=True).exists()


def test_it_goes_on_where_it_stopped_and_runs_once(few, people, monkeypatch):
    monkeypatch.setattr(meter, "BATCH", 1)
    run = meter.begin()
    assert meter.begin() == run
    meter.work(run, seconds=-1)
    turns = 1
    while run.finished_at is None:
        run = meter.work(MeterRun.objects.get(pk=run.pk), seconds=-1)
        turns += 1
        assert turns < 200
    assert turns > 3
    assert reading("patients.patient.birth_on").filled_count == 1
    assert reading("patients.patient.names").rows_count == 4
    assert meter.begin() != run


def test_a_broken_seal_counts_as_filled_and_stops_nothing(few, people):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_patient SET sealed = sealed_card WHERE id = %s", [people[0].pk]
        )
    measured()
    assert reading("patients.patient.names").filled_count == 4


def test_the_task_measures_and_takes_up_what_stands_still(few, people, monkeypatch):
    begun = meter.begin()
    MeterRun.objects.filter(pk=begun.pk).update(moved_at=timezone.now() - timedelta(hours=1))
    called = []
    monkeypatch.setattr(tasks.measure, "delay", lambda: called.append(1))
    tasks.go_on_measuring()
    assert called == [1]
    tasks.measure()
    begun.refresh_from_db()
    assert begun.finished_at
    tasks.go_on_measuring()
    assert called == [1]


def test_its_pages(few, people, officer, register, monkeypatch):
    browser = world.signed_in(officer, world.factor_of(officer))
    assert "Nothing was measured" in browser.get("/consent/meter/", secure=True).content.decode()
    monkeypatch.setattr(tasks.measure, "delay", lambda: None)
    assert browser.post("/consent/meter/run/", secure=True).status_code == 302
    assert (
        "Measuring: 0 of" in browser.get("/consent/meter/progress/", secure=True).content.decode()
    )
    tasks.measure()
    done = browser.get("/consent/meter/progress/", secure=True, headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    page = browser.get("/consent/meter/", secure=True).content.decode()
    assert "identification" in page
    assert "Begun by Officer" in page
    fields = browser.get("/consent/meter/of/identification/?run=nonsense", secure=True)
    assert "Nothing was measured yet" in fields.content.decode()
    fields = browser.get("/consent/meter/of/identification/", secure=True).content.decode()
    assert "birth_on" in fields
    assert "(1/4)" in fields
    assert SECRET not in page + fields
    assert browser.get("/consent/meter/of/curiosity/", secure=True).status_code == 404
    run = MeterRun.objects.finished().first()
    one = asked(lambda: pages.of_purpose(run, "identification"))
    assert asked(lambda: pages.of_purpose(run, "care")) == one
