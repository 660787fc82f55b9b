"""Access requests: who decides, what the answer does, and that nobody learns by asking."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from patients import tasks
from patients.models import AccessRequest, CareRelationship, Patient
from patients.services import access_requests, staff_links, teams
from security import trail
from security.services import units
from tests import world
from tests.patients import cast
from tests.patients.test_break_glass import status, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
WHY = "Covers for the ward this week"
LIST = "/patients/requests/"


@pytest.fixture
def nurse():
    return cast.staff("nurse")


@pytest.fixture
def doctor():
    return cast.staff("physician", name="Doctor Lin")


@pytest.fixture
def mia(doctor):
    row = cast.patient()
    cast.care(doctor, row)
    return row


def asked(user, patient, **form):
    client = cast.browser(user)
    response = client.post(
        url("access_request", patient), {"reason": WHY, "days": "7"} | form, secure=True
    )
    return client, response


def answered(user, row, **form):
    address = reverse("patients:answer", args=[row.pk])
    return cast.browser(user).post(address, form, secure=True)


def test_the_responsible_doctor_lets_a_colleague_in_and_it_ends_by_itself(nurse, doctor, mia):
    client, response = asked(nurse, mia)
    assert response.url == reverse("patients:asked")
    row = AccessRequest.objects.get()
    assert WHY in cast.words(cast.browser(doctor).get(LIST, secure=True))
    assert status(client, mia) == 404
    assert answered(doctor, row, answer_is="yes").status_code == 302
    assert status(client, mia, "clinical") == 200
    held = CareRelationship.objects.get(user=nurse, patient=mia)
    assert held.source == "request"
    assert timedelta(days=6) < held.ends_at - timezone.now() <= timedelta(days=7)
    assert held.granted_by == doctor
    assert [len(cast.events(f"patients.access_request.{one}")) for one in ("made", "accepted")] == [
        1,
        1,
    ]
    assert "Open the record" in cast.words(client.get(LIST, secure=True))
    assert "your request for access was accepted" in cast.words(
        client.get(url("patient", mia), secure=True)
    )


def test_declined_with_a_reason_that_the_colleague_reads(nurse, doctor, mia):
    client, _response = asked(nurse, mia)
    row = AccessRequest.objects.get()
    assert answered(doctor, row, answer_is="no").status_code == 422
    assert answered(doctor, row, answer_is="no", answer="Not on this ward").status_code == 302
    assert status(client, mia) == 404
    assert "Not on this ward" in cast.words(client.get(LIST, secure=True))
    assert answered(doctor, row, answer_is="yes").status_code == 403, "answered before"


def test_asking_about_nobody_says_the_same_and_leaves_nothing(nurse, mia):
    absent = Patient().pk
    texts = []
    for one in (mia.pk, absent):
        client, response = asked(nurse, one)
        page = client.get(response.url, secure=True)
        texts.append(
            (
                response.status_code,
                response.url,
                cast.words(page),
                cast.words(client.get(LIST, secure=True)),
            )
        )
    assert texts[0] == texts[1]
    assert AccessRequest.objects.count() == 1
    assert [one.subjects for one in cast.events("patients.access_request.dropped")] == [[absent]]


def test_a_second_request_while_one_is_open_changes_nothing(nurse, mia):
    assert asked(nurse, mia)[1].url == asked(nurse, mia)[1].url
    assert AccessRequest.objects.count() == 1


def test_nobody_but_the_carers_answers_and_nobody_the_own_request(nurse, doctor, mia):
    asked(nurse, mia)
    row = AccessRequest.objects.get()
    other = cast.staff("physician")
    for one in (nurse, other):
        assert answered(one, row, answer_is="yes").status_code == 403
        assert WHY not in cast.words(cast.browser(one).get(LIST, secure=True))
    assert answered(cast.staff("receptionist"), row, answer_is="yes").status_code == 403
    assert not CareRelationship.objects.filter(user=nurse).exists()


def test_where_nobody_is_responsible_the_team_answers(nurse, doctor):
    member, row, team = cast.staff("physician"), cast.patient(), world.team()
    units.join(user=member, unit=team, by=None)
    teams.assign(patient_ids=[row.pk], unit=team, by=None)
    asked(nurse, row)
    assert answered(member, AccessRequest.objects.get(), answer_is="yes").status_code == 302
    assert status(cast.browser(nurse), row) == 200


def test_a_colleague_who_must_stay_out_is_not_let_in(nurse, doctor, mia):
    asked(nurse, mia)
    staff_links.declare(patient_id=mia.pk, colleague=nurse, kind="child", by=None)
    assert answered(doctor, AccessRequest.objects.get(), answer_is="yes").status_code == 403
    assert not CareRelationship.objects.filter(user=nurse).exists()


@pytest.mark.parametrize(
    "form",
    [{"reason": ""}, {"reason": "aaaaaaaaaaaaaaaa"}, {"days": "0"}, {"days": "91"}, {"days": "-3"},
     {"days": "soon"}, {"reason": "x" * 2000}, {"reason": "........................"}],
)  # fmt: skip
def test_a_request_that_says_nothing_is_refused(nurse, mia, form):
    assert asked(nurse, mia, **form)[1].status_code == 422
    assert not AccessRequest.objects.exists()


def test_without_an_answer_it_expires(nurse, mia):
    asked(nurse, mia)
    row = AccessRequest.objects.get()
    row.asked_at = timezone.now() - timedelta(days=15)
    row.advance()
    row.save()
    tasks.sweep()
    row = AccessRequest.objects.get()
    assert (row.state, row.answered_by) == ("expired", None)
    assert len(cast.events("patients.access_request.expired")) == 1


def test_too_many_requests_are_refused(nurse):
    for _number in range(access_requests.PER_HOUR):
        asked(nurse, Patient().pk)
    assert asked(nurse, Patient().pk)[1].status_code == 403


def test_the_answer_and_its_event_roll_back_together(nurse, doctor, mia):
    asked(nurse, mia)
    row = AccessRequest.objects.get()

    def fail(entry):
        raise RuntimeError("no trail")

    trail.install(fail)
    try:
        with cast.acting(doctor), pytest.raises(RuntimeError):
            access_requests.decline(request_id=row.pk, answer="no", by=doctor)
    finally:
        trail.uninstall(fail)
    assert AccessRequest.objects.get().state == "open"


def test_the_list_asks_as_often_for_one_request_as_for_ten(nurse, doctor, mia):
    counts = []
    client = cast.browser(doctor)
    for batch in (1, 9):
        for one in cast.patients(batch, family=f"Ask{batch}"):
            cast.care(doctor, one)
            with transaction.atomic():
                AccessRequest.objects.create(patient=one, asked_by=nurse, reason=WHY)
        client.get(LIST, secure=True)
        with cast.CaptureQueries() as made:
            client.get(LIST, secure=True)
        counts.append(len(made))
    assert counts[0] == counts[1]


def test_who_must_stay_out_of_the_record_by_now_lets_nobody_in(nurse, doctor, mia):
    asked(nurse, mia)
    officer = cast.staff("receptionist")
    with cast.acting(officer):
        staff_links.declare(patient_id=mia.pk, colleague=doctor, kind="child", by=officer)
    assert WHY not in cast.words(cast.browser(doctor).get(LIST, secure=True))
    assert answered(doctor, AccessRequest.objects.get(), answer_is="yes").status_code == 403
    assert AccessRequest.objects.get().state == "open"
    assert status(cast.browser(nurse), mia) == 404
    # Another one who answers for the patient does it.
    other = cast.staff("physician")
    cast.care(other, mia)
    assert answered(other, AccessRequest.objects.get(), answer_is="yes").status_code == 302
