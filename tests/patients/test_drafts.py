"""What is typed and not saved is kept on the server, sealed, for its writer alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from patients.models import Draft
from patients.queries import drafts as found
from patients.services import drafts
from security.access.gate import Refused
from security.services import clearances
from tests.patients import cast

pytestmark = pytest.mark.django_db
WORDS = {"text": "CANARY complains of night cough", "kind": ["a", "b"]}


@pytest.fixture
def doctor(system):
    return cast.staff("physician")


@pytest.fixture
def patient(system, doctor):
    row = cast.patient()
    cast.care(doctor, row)
    return row


def keep(doctor, patient, **options):
    with cast.acting(doctor):
        return drafts.keep(
            form="note", patient_id=patient.pk, **{"content": WORDS, **options}, by=doctor
        )


def test_a_draft_comes_back_to_its_writer_and_to_nobody_else(doctor, patient):
    keep(doctor, patient, target_version=3)
    other = cast.staff("physician")
    with cast.acting(doctor):
        kept = found.find(doctor, form="note", patient_id=patient.pk)
        assert (kept.content["text"], kept.target_version) == (WORDS["text"], 3)
    with cast.acting(other):
        assert found.find(other, form="note", patient_id=patient.pk) is None


def test_keeping_again_replaces_and_each_time_is_told(doctor, patient):
    keep(doctor, patient)
    keep(doctor, patient, content={"text": "second"})
    with cast.acting(doctor):
        assert found.find(doctor, form="note", patient_id=patient.pk).content == {"text": "second"}
    assert Draft.objects.count() == 1
    assert len(cast.events("patients.draft.kept")) == 2


@pytest.fixture
def cleared(doctor):
    with cast.acting(cast.staff("administrator")) as here:
        return clearances.grant(user=doctor, reason="psychiatry", by=here.actor)


@pytest.mark.usefixtures("cleared")
def test_a_restricted_draft_lies_in_the_restricted_envelope_alone(doctor, patient):
    keep(doctor, patient)
    keep(doctor, patient, is_restricted=True)
    row = Draft.objects.get()
    with cast.acting(doctor):
        assert (row.content, row.restricted_content["text"]) == (None, WORDS["text"])
        assert (
            found.find(doctor, form="note", patient_id=patient.pk).content["text"] == WORDS["text"]
        )


def test_who_lost_the_clearance_reads_no_restricted_draft_any_more(doctor, patient, cleared):
    keep(doctor, patient, is_restricted=True)
    with cast.acting(cast.staff("administrator")) as here:
        clearances.end(clearance=cleared, by=here.actor)
    with cast.acting(doctor) as here:
        assert found.find(doctor, form="note", patient_id=patient.pk) is None
        assert "patients.draft.restricted_content" not in here.reads.get(patient.pk, ())


def test_a_draft_whose_names_are_the_flood_is_too_long_as_well(doctor, patient):
    with pytest.raises(Refused, match="too long"):
        keep(doctor, patient, content={"x" * drafts.MOST_CHARACTERS: "y"})


def test_a_draft_about_nobody_yet_is_sealed_for_its_writer(doctor):
    with cast.acting(doctor):
        drafts.keep(form="patient", patient_id=None, content=WORDS, by=doctor)
        assert found.find(doctor, form="patient", patient_id=None).content["text"] == WORDS["text"]


def test_a_dropped_draft_is_gone(doctor, patient):
    keep(doctor, patient)
    with cast.acting(doctor):
        assert drafts.drop(form="note", patient_id=patient.pk, by=doctor)
        assert not drafts.drop(form="note", patient_id=patient.pk, by=doctor)
    assert not Draft.objects.exists()
    assert len(cast.events("patients.draft.ended")) == 1


def test_too_long_a_draft_is_refused_in_words(doctor, patient):
    with pytest.raises(Refused, match="too long"):
        keep(doctor, patient, content={"text": "x" * (drafts.MOST_CHARACTERS + 1)})
    assert not Draft.objects.exists()


def test_old_drafts_are_swept_and_fresh_ones_stay(doctor, patient):
    keep(doctor, patient)
    with cast.acting(doctor):
        old = drafts.keep(form="patient", patient_id=None, content=WORDS, by=doctor)
    Draft.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=31))
    with cast.acting(doctor):
        assert drafts.sweep() == 1
    assert Draft.objects.get().form == "note"


def test_the_page_keeps_a_draft_by_address(doctor, patient):
    url = f"/patients/{patient.pk}/drafts/note/"
    client = cast.browser(doctor)
    answer = client.post(url, {"text": "typed", "version": "2", "csrfmiddlewaretoken": "x"})
    assert answer.status_code == 200
    assert answer.json()["said"]
    with cast.acting(doctor):
        kept = found.find(doctor, form="note", patient_id=patient.pk)
        assert (kept.content, kept.target_version) == ({"text": "typed"}, 2)


@pytest.mark.parametrize(
    "sent",
    [
        {"version": "x"}, {"draft_target": "x"}, {"version": "-1"}, {"version": "0"}, {"version": "9" * 12},
        {"version": "9" * 5000}, {"version": "1e9"}, {"draft_target": "\0"},
    ],
)  # fmt: skip
def test_nonsense_beside_the_form_is_not_found(doctor, patient, sent):
    answer = cast.browser(doctor).post(f"/patients/{patient.pk}/drafts/note/", sent)
    assert answer.status_code == 404
    assert not Draft.objects.exists()


def test_who_may_not_write_the_form_keeps_no_draft_of_it(patient):
    url = f"/patients/{patient.pk}/drafts"
    reception = cast.browser(cast.staff("receptionist"))
    assert reception.post(f"{url}/note/", {"text": "x"}).status_code == 403
    assert reception.post(f"{url}/patient/", {"text": "x"}).status_code == 200
    assert reception.post(f"{url}/unknown/", {"text": "x"}).status_code == 404
    assert cast.browser(cast.staff("physician")).post(f"{url}/note/").status_code == 404
    assert cast.browser(cast.staff("auditor")).post(f"{url}/note/").status_code == 403
    assert reception.post("/patients/drafts/patient/", {"text": "x"}).status_code == 200
    assert reception.post("/patients/drafts/note/", {"text": "x"}).status_code == 404
