"""Reviews: one for each emergency access, within a minute, by somebody else, within one working day."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit import tasks, working_days
from audit.models import Event, Review
from audit.services import reviews
from patients.models import PortalAccount
from patients.services import staff_links
from security import context, trail
from security.models import OutboxMessage
from tests import world
from tests.audit import reviewing
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def nurse():
    return cast.staff("nurse")


@pytest.fixture
def mia():
    return cast.patient()


def decide(row, by, **more):
    said = {"verdict": "justified", "finding": "The corridor, as the nurse wrote"} | more
    return reviews.decide(review_id=row.pk, by=by, **said)


def test_every_emergency_access_gets_one_review_that_is_due_after_a_working_day(nurse, mia):
    event = reviewing.glass(nurse, mia)
    assert tasks.gather_reviews() == 1
    row = Review.objects.get()
    assert (row.event_id, row.actor_id, row.subject_id) == (event.pk, nurse.pk, mia.pk)
    assert row.due_at == working_days.due(event.recorded_at)
    assert tasks.gather_reviews() == 0
    told = cast.events("audit.review.opened")
    assert [(one.subjects, one.counts) for one in told] == [([mia.pk], {"reviews": 1})]


def test_a_run_that_was_cut_off_is_taken_up_where_it_ended(nurse, monkeypatch):
    monkeypatch.setattr(reviews, "BATCH", 2)
    for number in range(5):
        reviewing.glass(nurse, cast.patient(given=f"Nr{number}"))
    assert reviews.gather() == 2
    monkeypatch.setattr(tasks, "BATCHES", 1)
    assert tasks.gather_reviews() == 2
    assert tasks.gather_reviews() == 1
    assert Review.objects.count() == 5


def test_making_reviews_asks_as_often_for_one_as_for_ten(nurse):
    def count(number):
        for one in range(number):
            reviewing.glass(nurse, cast.patient(given=f"Nr{one}"))
        with cast.CaptureQueries() as captured:
            reviews.gather()
        return len(captured)

    count(1)
    assert count(1) == count(10)


def test_what_waits_is_found_by_an_index_and_not_by_reading_the_trail(nurse, mia):
    reviewing.glass(nurse, mia)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM audit_event WHERE action = 'patients.glass.opened' ORDER BY recorded_at"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "audit_event_glass" in plan


def test_an_event_that_can_not_be_written_leaves_no_review(nurse, mia, monkeypatch):
    reviewing.glass(nurse, mia)

    def broken(entry):
        raise RuntimeError("no room")

    trail.install(broken)
    try:
        with pytest.raises(RuntimeError, match="no room"):
            reviews.gather()
    finally:
        trail.uninstall(broken)
    assert not Review.objects.exists()


def test_a_verdict_has_a_sealed_finding_and_stands_on_the_trail(nurse, mia):
    row, officer = reviewing.review(nurse, mia), reviewing.officer()
    decide(row, officer)
    row.refresh_from_db()
    assert (row.verdict, row.decided_by, row.finding) == (
        "justified", officer, "The corridor, as the nurse wrote",
    )  # fmt: skip
    assert b"corridor" not in bytes(row.sealed)
    told = cast.events("audit.review.decided")[0]
    assert (told.subjects, told.actor_id, told.object_id) == (
        [mia.pk, nurse.pk], officer.pk, row.pk,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "why"),
    [({"verdict": "fine"}, reviews.NothingFound), ({"finding": "  "}, reviews.NothingFound)],
)
def test_a_verdict_without_a_finding_is_refused(nurse, mia, said, why):
    row = reviewing.review(nurse, mia)
    with pytest.raises(why):
        decide(row, reviewing.officer(), **said)
    assert not Review.objects.get().verdict


def test_nobody_decides_twice(nurse, mia):
    row = reviewing.review(nurse, mia)
    decide(row, reviewing.officer())
    with pytest.raises(reviews.Decided):
        decide(row, reviewing.officer(), verdict="incident")


def test_nobody_reviews_the_own_access_and_the_database_refuses_it_too(mia):
    both = cast.staff("nurse", "compliance_officer")
    row = reviewing.review(both, mia)
    with pytest.raises(reviews.OwnAccess):
        decide(row, both)
    with pytest.raises(reviews.OwnAccess):
        reviews.assign(review_id=row.pk, to=both, by=reviewing.officer())
    with pytest.raises(IntegrityError), transaction.atomic():
        QuerySet(Review).filter(pk=row.pk).update(
            verdict="justified", decided_by=both, decided_at=timezone.now()
        )


def test_nobody_reviews_an_access_to_the_record_of_close_family(nurse, mia):
    row, officer = reviewing.review(nurse, mia), reviewing.officer()
    staff_links.declare(patient_id=mia.pk, colleague=officer, kind="child", by=None)
    with pytest.raises(reviews.OwnAccess):
        decide(row, officer)


def test_a_review_is_given_to_an_officer_and_to_nobody_else(nurse, mia):
    row, officer, other = (
        reviewing.review(nurse, mia),
        reviewing.officer(),
        reviewing.officer("Two"),
    )
    reviews.assign(review_id=row.pk, to=other, by=officer)
    assert Review.objects.get().assigned_to == other
    for role in ("auditor", "administrator", "nurse"):
        with pytest.raises(reviews.NotAReviewer):
            reviews.assign(review_id=row.pk, to=cast.staff(role), by=officer)


def test_an_overdue_review_is_told_once_to_the_officers_without_content(nurse, mia):
    row = reviewing.review(nurse, mia)
    with transaction.atomic():
        world.person("compliance_officer", name="One", email="one@clinic.example")
        world.person("compliance_officer", name="Two")
    QuerySet(Review).filter(pk=row.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    tasks.gather_reviews()
    tasks.gather_reviews()
    told = cast.events("audit.review.escalated")
    assert [one.subjects for one in told] == [[mia.pk]]
    letter = OutboxMessage.objects.get()
    with context.matching():
        said = f"{letter.title} {letter.text}"
        assert letter.address == "one@clinic.example"
    assert "overdue" in said
    for secret in ("Mia", "Muster", str(mia.pk), str(row.pk), "The nurse"):
        assert secret not in said
    assert Review.objects.get().escalated_at


def test_a_review_in_time_is_not_told(nurse, mia):
    reviewing.review(nurse, mia)
    tasks.gather_reviews()
    assert not cast.events("audit.review.escalated")
    assert not OutboxMessage.objects.exists()


def portal(patient, **fields):
    user = world.person(kind="patient", name="Mia", **fields)
    PortalAccount.objects.create(user=user, patient=patient, capacity="self")
    return user


def test_the_patient_is_told_by_e_mail_without_content(nurse, mia):
    user = portal(mia, email="mia@example.org")
    decide(reviewing.review(nurse, mia), reviewing.officer())
    row, letter = Review.objects.get(), OutboxMessage.objects.get()
    assert (row.told_way, letter.subject_id) == ("email", user.pk)
    assert timezone.now() - row.patient_told_at < timedelta(minutes=1)
    with context.matching():
        said = f"{letter.title} {letter.text}"
    for secret in ("Mia", "Muster", "The nurse", reviewing.WHY, "corridor"):
        assert secret not in said


def test_a_patient_without_an_address_is_marked_for_reception(nurse, mia):
    portal(mia)
    row = decide(reviewing.review(nurse, mia), reviewing.officer())
    assert (row.told_way, row.patient_told_at) == ("desk", None)
    assert list(Review.objects.untold()) == [row]
    desk = cast.staff("receptionist")
    for way in ("", "email", "desk"):
        with pytest.raises(reviews.NotUntold):
            reviews.told(review_id=row.pk, way=way, by=desk)
    reviews.told(review_id=row.pk, way="post", by=desk)
    row = Review.objects.get()
    assert (row.told_way, row.patient_told_at is not None) == ("post", True)
    assert not Review.objects.untold()
    with pytest.raises(reviews.NotUntold):
        reviews.told(review_id=row.pk, way="hand", by=desk)
    (event,) = cast.events("audit.review.patient_told")
    assert (event.subjects, event.fields) == ([mia.pk], ["audit.review.told_way:post"])


def test_the_events_name_no_value(nurse, mia):
    decide(reviewing.review(nurse, mia), reviewing.officer())
    for event in Event.objects.filter(action__startswith="audit.review"):
        assert "corridor" not in str(event.__dict__)
