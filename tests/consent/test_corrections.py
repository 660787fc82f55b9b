"""Corrections: proposed, decided by who writes that part, corrected in the record, answered."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from consent.models import Correction, RightsRequest
from consent.queries import corrections as asked
from consent.services import corrections
from consent.services.corrections import Finding, Proposal
from consent.services.request_rows import OwnRequest
from patients.models import Condition, Disclosure, RecordVersion, StaffLink
from patients.services import versions
from security import trail
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
WRONG = Proposal("clinical", "I never had asthma", "No asthma")


@pytest.fixture
def clinic():
    return world.clinic()


def rights(patient, **more):
    known = {
        "identity_at": timezone.now(),
        "kind": "rectification",
        "way": "letter",
        "language": "en",
    }
    number = f"R-{RightsRequest.objects.count() + 1}"
    row = RightsRequest(
        number=number, patient=patient, subject_id=patient.pk, asked="x", **known | more
    )
    row.save()
    return row


def proposed(clinic, proposal=WRONG, **more):
    request = rights(clinic.patient, **more)
    return corrections.propose(request_id=request.pk, proposal=proposal, by=clinic.users["officer"])


def corrected(clinic):
    """Correct the condition in the record, as its form does."""
    row = Condition.objects.get(pk=clinic.condition.pk)
    versions.correct(
        model=Condition, row_id=row.pk, version=row.version, changes={"code_text": "None"},
        reason="asked", action="patients.item.corrected", by=clinic.users["physician"],
    )  # fmt: skip
    return RecordVersion.objects.get(row_id=row.pk)


def decide(row, user, *found, purpose="TREAT"):
    with trail.acting_for(actor=user, purpose=purpose):
        return corrections.decide(correction_id=row.pk, found=Finding(*found), by=user)


def test_a_correction_that_was_made_names_the_entry_and_is_on_the_trail(clinic):
    row, physician = proposed(clinic), clinic.users["physician"]
    with pytest.raises(corrections.NothingWasCorrected):
        decide(row, physician, "accepted", "You are right")
    version = corrected(clinic)
    assert [choice for choice, _words in asked.replaced_since(row)] == [str(version.pk)]
    row = decide(row, physician, "accepted", "You are right", "", version.pk)
    assert (row.verdict, row.replaced_id, row.decided_by_id) == (
        "accepted",
        version.pk,
        physician.pk,
    )
    told = Event.objects.filter(action__startswith="consent.correction")
    assert set(told.values_list("action", flat=True)) == {
        "consent.correction.proposed", "consent.correction.decided",
    }  # fmt: skip


def test_an_entry_corrected_before_the_proposal_counts_for_nothing(clinic):
    version = corrected(clinic)
    row = proposed(clinic)
    RecordVersion.objects.filter(pk=version.pk)
    with pytest.raises(corrections.NothingWasCorrected):
        decide(row, clinic.users["physician"], "accepted", "Yes", "", version.pk)


@pytest.mark.parametrize("name", ["other_physician", "receptionist", "officer", "finance"])
def test_who_does_not_write_that_part_for_that_patient_decides_nothing(clinic, name):
    row = proposed(clinic)
    with pytest.raises(corrections.NotYours):
        decide(row, clinic.users[name], "refused", "No", "accurate", purpose="PATADMIN")
    assert Correction.objects.get(pk=row.pk).verdict == ""


def test_a_refusal_needs_a_ground_and_reasons_and_may_be_disagreed_with_once(clinic):
    row, physician = proposed(clinic), clinic.users["physician"]
    for found in (("refused", "It is right"), ("refused", " ", "accurate"), ("maybe", "x"),
                  ("refused", "x" * 4001, "accurate")):  # fmt: skip
        with pytest.raises(corrections.SaysTooLittle):
            decide(row, physician, *found)
    with pytest.raises(corrections.NothingToAnswer):
        corrections.disagree(correction_id=row.pk, statement="No", by=clinic.users["officer"])
    decide(row, physician, "refused", "Spirometry shows it", "accurate")
    with pytest.raises(corrections.DecidedBefore):
        decide(row, physician, "annotated", "Once more")
    said = corrections.disagree(
        correction_id=row.pk, statement="I say no", by=clinic.users["officer"]
    )
    assert said.disagreement == "I say no"
    with pytest.raises(corrections.NothingToAnswer):
        corrections.disagree(correction_id=row.pk, statement="Again", by=clinic.users["officer"])
    page = clinic.client("physician").get(reverse("consent:beside", args=[clinic.patient.pk]))
    assert "I say no" in page.content.decode()
    hidden = clinic.client("other_physician").get(
        reverse("consent:beside", args=[clinic.patient.pk])
    )
    assert hidden.status_code == 404


@pytest.mark.parametrize(
    "more", [{"identity_at": None}, {"kind": "access"}, {"closed_at": timezone.now()}]
)
def test_a_request_that_is_not_proved_or_open_or_for_a_correction_is_refused(clinic, more):
    with pytest.raises(corrections.NotAsked):
        proposed(clinic, **more)
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    "proposal",
    [Proposal("clinical", "", "x"), Proposal("clinical", "x", " "), Proposal("soul", "x", "y")],
)
def test_a_proposal_that_says_too_little_is_refused(clinic, proposal):
    with pytest.raises(corrections.SaysTooLittle):
        proposed(clinic, proposal)


def test_who_got_the_old_value_is_listed_and_told_once(clinic):
    row = proposed(clinic)
    Disclosure.objects.create(
        patient=clinic.patient, recipient="City hospital", what="Report", why="care", ground="treatment",
        disclosed_on=timezone.localdate() - timedelta(days=3),
    )  # fmt: skip
    Disclosure.objects.create(
        patient=clinic.patient, recipient="Long ago", what="x", why="y", ground="law",
        disclosed_on=timezone.localdate() - timedelta(days=3000),
    )  # fmt: skip
    version = corrected(clinic)
    row = decide(row, clinic.users["physician"], "accepted", "Yes", "", version.pk)
    assert [one.name for one in asked.recipients(row)] == ["City hospital"]
    officer = clinic.users["officer"]
    assert (
        corrections.recipients_told(correction_id=row.pk, by=officer).recipients_told_by == officer
    )
    with pytest.raises(corrections.NothingToAnswer):
        corrections.recipients_told(correction_id=row.pk, by=officer)


# --- pages ----------------------------------------------------------------------------------


def test_an_officer_proposes_and_the_physician_of_the_patient_decides(clinic):
    request = rights(clinic.patient)
    desk = clinic.client("officer")
    url = reverse("consent:request_corrections", args=[request.pk])
    assert desk.post(url, {"area": "clinical", "wrong": "", "right": "x"}).status_code == 422
    desk.post(url, {"area": "clinical", "wrong": "I never had asthma", "right": "No asthma"})
    row = Correction.objects.get()
    doctor = clinic.client("physician")
    assert "never had asthma" in doctor.get(reverse("consent:corrections")).content.decode()
    page = reverse("consent:correction", args=[row.pk])
    assert clinic.client("other_physician").get(page).status_code == 404
    assert doctor.post(page, {"verdict": "accepted", "finding": "Yes"}).status_code == 422
    answer = doctor.post(page, {"verdict": "annotated", "finding": "Both views stand"})
    assert answer.status_code == 302
    assert doctor.get(page).status_code == 404
    assert "Both views stand" in desk.get(url).content.decode()


def test_what_waits_is_asked_with_the_same_number_of_queries_for_one_and_for_ten(
    clinic, django_assert_num_queries, django_assert_max_num_queries
):
    client, url = clinic.client("physician"), reverse("consent:corrections")
    proposed(clinic)
    client.get(url)
    with django_assert_max_num_queries(60) as first:
        client.get(url)
    for _ in range(9):
        proposed(clinic)
    with django_assert_num_queries(len(first.captured_queries)):
        client.get(url)


def test_nobody_sees_or_answers_what_close_family_wants_corrected(clinic):
    row = proposed(clinic)
    officer, page = (
        clinic.users["officer"],
        reverse("consent:request_corrections", args=[row.request_id]),
    )
    assert clinic.client("officer").get(page).status_code == 200
    StaffLink.objects.create(user=officer, patient=clinic.patient, kind="family")
    assert clinic.client("officer").get(page).status_code == 404
    row = decide(row, clinic.users["physician"], "refused", "It is right as it is", "accurate")
    with pytest.raises(OwnRequest):
        corrections.disagree(correction_id=row.pk, statement="No", by=officer)
