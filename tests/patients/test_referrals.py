"""Referrals: a question and the least data, accepted or declined, ending by itself."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from patients import tasks
from patients.models import AllergyIntolerance, CareRelationship, Condition, Referral
from patients.services import relationships, staff_links
from security.models import Clearance
from tests.patients import cast
from tests.patients.test_break_glass import FORM, status, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
LIST = "/patients/requests/"
QUESTION = "Please look at the rhythm"


@pytest.fixture
def doctor():
    return cast.staff("physician", name="Doctor Lin")


@pytest.fixture
def colleague():
    return cast.staff("physician", name="Doctor Marsh")


@pytest.fixture
def mia(doctor):
    row = cast.patient(record_number="R-1")
    cast.care(doctor, row)
    now = timezone.now()
    Condition.objects.create(patient=row, code_text="Angina", status="active", occurred_at=now)
    AllergyIntolerance.objects.create(
        patient=row, code_text="Penicillin", status="active", occurred_at=now
    )
    Condition.objects.create(
        patient=row,
        code_text="Secret illness",
        status="active",
        confidentiality="R",
        occurred_at=now,
    )
    return row


def referred(doctor, whom, patient, **form):
    sent = {
        "colleague": str(whom.pk),
        "days": "30",
        "question": QUESTION,
        "sections": ["problems"],
    }
    return cast.browser(doctor).post(url("refer", patient), sent | form, secure=True)


def answered(user, row, **form):
    address = reverse("patients:answer_referral", args=[row.pk])
    return cast.browser(user).post(address, form, secure=True)


def test_the_colleague_sees_the_question_and_what_was_ticked_and_no_more(doctor, colleague, mia):
    assert referred(doctor, colleague, mia).status_code == 302
    client = cast.browser(colleague)
    shown = cast.words(client.get(LIST, secure=True))
    assert QUESTION in shown
    assert "Angina" in shown
    for hidden in ("Penicillin", "Muster", "Secret illness", "R-1 "):
        assert hidden not in shown, hidden
    assert status(client, mia) == 404
    told = cast.events("patients.referral.made")[0]
    assert told.fields == ["problems"]


def test_what_is_specially_protected_is_never_sent_even_by_who_may_read_it(doctor, colleague, mia):
    Clearance.objects.create(user=doctor, reason="named")
    referred(doctor, colleague, mia, sections=["problems", "allergies", "medications", "results"])
    excerpt = Referral.objects.get().excerpt
    assert [part["section"] for part in excerpt] == [
        "problems",
        "allergies",
        "medications",
        "results",
    ]
    assert "Secret" not in str(excerpt)
    assert "Penicillin" in str(excerpt)


def test_accepted_it_opens_the_record_and_ends_by_itself(doctor, colleague, mia):
    referred(doctor, colleague, mia)
    assert answered(colleague, Referral.objects.get(), answer_is="yes").status_code == 302
    assert status(cast.browser(colleague), mia, "clinical") == 200
    held = CareRelationship.objects.get(user=colleague, patient=mia)
    assert (held.source, held.granted_by) == ("referral", doctor)
    assert timedelta(days=29) < held.ends_at - timezone.now() <= timedelta(days=30)
    assert answered(colleague, Referral.objects.get(), answer_is="yes").status_code == 403


def test_the_usual_referral_lasts_ninety_days(doctor, colleague, mia):
    page = cast.browser(doctor).get(url("refer", mia), secure=True).content.decode()
    assert 'name="days" value="90"' in page


def test_declined_with_a_reason(doctor, colleague, mia):
    referred(doctor, colleague, mia)
    row = Referral.objects.get()
    assert answered(colleague, row, answer_is="no").status_code == 422
    assert answered(colleague, row, answer_is="no", answer="On leave").status_code == 302
    assert "On leave" in cast.words(cast.browser(doctor).get(LIST, secure=True))
    assert status(cast.browser(colleague), mia) == 404


def test_withdrawn_it_is_gone_for_the_colleague(doctor, colleague, mia):
    referred(doctor, colleague, mia)
    row = Referral.objects.get()
    address = reverse("patients:withdraw_referral", args=[row.pk])
    assert cast.browser(colleague).post(address, secure=True).status_code == 403
    assert cast.browser(doctor).post(address, secure=True).status_code == 302
    assert QUESTION not in cast.words(cast.browser(colleague).get(LIST, secure=True))
    assert answered(colleague, row, answer_is="yes").status_code == 403


def test_somebody_else_cannot_answer(doctor, colleague, mia):
    referred(doctor, colleague, mia)
    for other in (doctor, cast.staff("physician"), cast.staff("nurse")):
        assert answered(other, Referral.objects.get(), answer_is="yes").status_code == 403
    assert not CareRelationship.objects.filter(source="referral").exists()


def test_only_own_patients_are_referred(doctor, colleague, mia):
    assert referred(colleague, doctor, mia).status_code == 404
    client = cast.browser(colleague)
    client.post(url("break_glass", mia), FORM, secure=True)
    sent = {"colleague": str(doctor.pk), "days": "30", "question": QUESTION}
    assert client.post(url("refer", mia), sent, secure=True).status_code == 403
    assert referred(cast.staff("receptionist"), colleague, mia).status_code == 403
    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    "form",
    [{"colleague": ""}, {"colleague": "nobody"}, {"question": ""}, {"question": "   "}, {"days": "0"},
     {"days": "366"}, {"sections": ["notes"]}, {"sections": ["problems", "restricted"]},
     {"question": "x" * 5000}],
)  # fmt: skip
def test_a_referral_that_makes_no_sense_is_refused(doctor, colleague, mia, form):
    assert referred(doctor, colleague, mia, **form).status_code == 422
    assert not Referral.objects.exists()


def test_nobody_refers_to_oneself_to_the_desk_or_twice(doctor, colleague, mia):
    assert referred(doctor, doctor, mia).status_code == 422
    assert referred(doctor, cast.staff("receptionist"), mia).status_code == 422
    assert referred(doctor, colleague, mia).status_code == 302
    assert referred(doctor, colleague, mia).status_code == 422
    assert Referral.objects.count() == 1


def test_a_colleague_who_must_stay_out_is_not_asked(doctor, colleague, mia):
    staff_links.declare(patient_id=mia.pk, colleague=colleague, kind="parent", by=None)
    assert referred(doctor, colleague, mia).status_code == 422


def test_without_an_answer_it_expires(doctor, colleague, mia):
    referred(doctor, colleague, mia)
    row = Referral.objects.get()
    row.asked_at = timezone.now() - timedelta(days=31)
    row.advance()
    row.save()
    tasks.sweep()
    assert Referral.objects.get().state == "expired"
    assert answered(colleague, row, answer_is="yes").status_code == 403


@pytest.mark.parametrize("ticked", [["allergies"], ["allergies", "problems"]])
def test_what_was_typed_comes_back_until_it_is_sent(doctor, colleague, mia, ticked):
    client = cast.browser(doctor)
    address = reverse("patients:draft", args=[mia.pk, "referral"])
    typed = {"question": "Half a question", "days": "14", "sections": ticked}
    assert client.post(address, typed, secure=True).status_code == 200
    page = cast.browser(doctor).get(url("refer", mia), secure=True).content.decode()
    assert "Half a question" in page
    assert page.count("checked") == len(ticked)
    referred(doctor, colleague, mia)
    assert "Half a question" not in client.get(url("refer", mia), secure=True).content.decode()


def test_the_list_asks_as_often_for_one_referral_as_for_ten(doctor, colleague, mia):
    client, counts = cast.browser(colleague), []
    for batch in (1, 9):
        for one in cast.patients(batch, family=f"Ref{batch}"):
            Referral.objects.create(
                patient=one, asked_by=doctor, asked_of=colleague, question=QUESTION, excerpt=[]
            )
        client.get(LIST, secure=True)
        with cast.CaptureQueries() as made:
            client.get(LIST, secure=True)
        counts.append(len(made))
    assert counts[0] == counts[1]


def test_who_declined_or_gave_the_patient_away_reads_the_excerpt_no_more(doctor, colleague, mia):
    referred(doctor, colleague, mia)
    row = Referral.objects.get()
    assert answered(colleague, row, answer_is="no", answer="No time left").status_code == 302
    own = CareRelationship.objects.get(user=doctor)
    assert "Angina" in cast.words(cast.browser(doctor).get(LIST, secure=True))
    with cast.acting(doctor):
        relationships.end(relationship_id=own.pk, by=doctor)
    for user in (doctor, colleague):
        shown = cast.words(cast.browser(user).get(LIST, secure=True))
        assert "No time left" in shown
        for hidden in ("Angina", QUESTION):
            assert hidden not in shown, hidden


def test_nobody_takes_a_patient_from_who_does_not_care_for_the_patient_any_more(
    doctor, colleague, mia
):
    referred(doctor, colleague, mia)
    own = CareRelationship.objects.get(user=doctor)
    with cast.acting(doctor):
        relationships.end(relationship_id=own.pk, by=doctor)
    assert answered(colleague, Referral.objects.get(), answer_is="yes").status_code == 403
    assert Referral.objects.get().state == "open"
    assert status(cast.browser(colleague), mia) == 404
