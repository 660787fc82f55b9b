"""Complaints: numbered, with a day that counts working days, owned, answered; worries for the compliance desk."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from audit.models import Alert, Event
from audit.services import monitoring
from engagement.models import Complaint, SecurityConcern
from engagement.services import complaints, concerns
from engagement.services.complaints import Resolution, Said
from patients.models import StaffLink
from security.models import OutboxMessage
from tests import world
from tests.engagement import telling
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
ANSWER = Resolution("upheld", "Found it", "We are sorry", "told")


def note(patient=None, *, by=None, **more):
    given = {"way": "desk", "words": "Waited long", "kind": "complaint", "theme": "waiting"}
    return complaints.note(said=Said(patient_id=patient and patient.pk, **given | more), by=by)


def test_a_complaint_has_five_working_days_and_ten_once_it_is_extended():
    friday = datetime(2026, 3, 6, 15, tzinfo=UTC)
    row = note(received_at=friday)
    assert row.due_on == date(2026, 3, 13)
    assert row.number.startswith("C-")
    with pytest.raises(complaints.OnceOnly):
        complaints.extend(
            complaint_id=row.pk, version=1, reason="Two departments", by=world.person("engagement")
        )
    fresh = note()
    by = world.person("engagement")
    row = complaints.extend(complaint_id=fresh.pk, version=1, reason="Two departments", by=by)
    assert row.due_on > fresh.due_on
    assert row.extension == "Two departments"
    with pytest.raises(complaints.OnceOnly):
        complaints.extend(complaint_id=row.pk, version=2, reason="Again", by=by)


def test_what_says_nothing_or_comes_from_tomorrow_is_no_complaint():
    with pytest.raises(complaints.SaysNothing):
        note(words="  ")
    with pytest.raises(complaints.SaysNothing):
        note(theme="security")
    with pytest.raises(complaints.NotInTime):
        note(received_at=timezone.now() + timedelta(days=1))
    assert Complaint.objects.count() == 0


def test_a_case_is_given_to_somebody_answered_and_closed_once():
    by, mia = world.person("engagement"), cast.patient()
    row = note(mia, by=by)
    with pytest.raises(complaints.NotForComplaints):
        complaints.assign(
            complaint_id=row.pk, version=1, to=world.person("nurse"), kind="complaint",
            theme="other", by=by,
        )  # fmt: skip
    row = complaints.assign(
        complaint_id=row.pk, version=1, to=by, kind="complaint", theme="conduct", by=by
    )
    with pytest.raises(complaints.Closed):
        complaints.close(complaint_id=row.pk, version=1, resolution=ANSWER, by=by)
    row = complaints.close(complaint_id=row.pk, version=2, resolution=ANSWER, by=by)
    assert (row.outcome, row.finding, row.answer, row.owner) == (
        "upheld",
        "Found it",
        "We are sorry",
        by,
    )
    with pytest.raises(complaints.Closed):
        complaints.close(complaint_id=row.pk, version=3, resolution=ANSWER, by=by)
    told = list(Event.objects.filter(object_id=row.pk).values_list("action", flat=True))
    assert sorted(told) == [
        f"engagement.complaint.{one}" for one in ("assigned", "closed", "noted")
    ]


def test_nobody_works_on_what_names_the_own_record():
    by, mia = world.person("engagement"), cast.patient()
    StaffLink.objects.create(patient=mia, user=by, kind="self", starts_at=timezone.now())
    row = note(mia)
    with pytest.raises(complaints.NotForComplaints):
        complaints.close(complaint_id=row.pk, version=1, resolution=ANSWER, by=by)
    assert cast.browser(by).get(f"/engagement/complaints/{row.pk}/").status_code == 404


def test_owners_are_told_of_late_cases_once_and_without_a_word_of_them():
    telling.house()
    owner = world.person("engagement", email="o@example.org")
    long_ago = timezone.now() - timedelta(days=40)
    note(received_at=long_ago)
    note()
    assert complaints.tell_late() == 1
    assert complaints.tell_late() == 0
    (message,) = OutboxMessage.objects.filter(subject_id=owner.pk)
    assert "Waited" not in message.text


def test_a_worry_becomes_an_alert_and_is_read_at_the_compliance_desk_alone():
    mia = cast.patient()
    row = concerns.report(
        said=concerns.Said(way="desk", words="Diagnosis said aloud", patient_id=mia.pk),
        by=world.person("receptionist"),
    )
    monitoring.run()
    alert = Alert.objects.get(rule="R23")
    assert (alert.dedupe_key, alert.subjects) == (str(row.pk), [mia.pk])
    page = cast.browser(cast.staff("compliance_officer")).get(f"/engagement/concerns/{row.pk}/")
    assert "Diagnosis said aloud" in page.content.decode()
    assert str(alert.pk) in page.content.decode()
    for role in ("engagement", "receptionist", "physician", "administrator"):
        assert cast.browser(cast.staff(role)).get("/engagement/concerns/").status_code == 403


def test_staff_write_down_what_is_said_and_a_worry_never_reaches_the_coordinators():
    desk = cast.browser(cast.staff("receptionist"))
    said = {
        "kind": "complaint", "theme": "security", "way": "desk", "received_on": timezone.localdate(),
        "words": "My file lay open",
    }  # fmt: skip
    url = "/engagement/complaints/new/"
    assert desk.post(url, {"kind": "complaint"}).status_code == 422
    assert desk.post(url, said).status_code == 302
    assert (SecurityConcern.objects.count(), Complaint.objects.count()) == (1, 0)
    mia = cast.patient()
    answer = desk.post(
        f"/engagement/patients/{mia.pk}/complaints/new/", said | {"theme": "billing"}
    )
    assert answer["Location"] == f"/patients/{mia.pk}/"
    row = Complaint.objects.get()
    assert (row.patient, row.theme, row.words) == (mia, "billing", "My file lay open")
    assert desk.get("/engagement/complaints/").status_code == 403
    keeper = cast.browser(cast.staff("engagement"))
    page = keeper.get(f"/engagement/complaints/{row.pk}/")
    assert "My file lay open" in page.content.decode()
    wrong = keeper.post(
        f"/engagement/complaints/{row.pk}/close/", {"version": 1, "outcome": "upheld"}
    )
    assert wrong.status_code == 422
    sent = {
        "version": 1, "outcome": "upheld", "finding": "Yes", "answer": "Sorry", "answer_way": "told",
    }  # fmt: skip
    assert keeper.post(f"/engagement/complaints/{row.pk}/close/", sent).status_code == 302
    assert "Sorry" in keeper.get(f"/engagement/complaints/{row.pk}/letter/").content.decode()


def test_the_queue_costs_the_same_for_one_and_ten():
    keeper = cast.browser(cast.staff("engagement"))

    def cost():
        with cast.CaptureQueries() as made:
            assert keeper.get("/engagement/complaints/").status_code == 200
        return len(made)

    people = cast.patients(10)
    note(people[0])
    one = (cost(), cost())[1]
    for patient in people[1:]:
        note(patient)
    assert cost() == one
