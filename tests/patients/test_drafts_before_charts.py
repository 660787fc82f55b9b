"""What is typed for an emergency or a request is kept, for a patient whose chart is not open yet."""

import pytest
from django.urls import reverse

from patients.models import Draft
from security.classification import Scope, SubjectKind
from security.ids import new_id
from security.models import DataKey
from security.sealing import envelope
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
WORDS = "Found unconscious in the waiting room"
PAGES = {"emergency": "break_glass", "request": "access_request"}


@pytest.fixture
def nurse():
    return cast.staff("nurse")


def kept(user, form, target):
    sent = {"reason": WORDS, "draft_target": str(target)}
    return cast.browser(user).post(reverse("patients:draft_new", args=[form]), sent)


def page(user, form, target):
    return cast.browser(user).get(reverse(f"patients:{PAGES[form]}", args=[target]))


@pytest.mark.parametrize("form", PAGES)
def test_what_was_typed_comes_back_to_its_writer_alone(nurse, form):
    patient = cast.patient()
    shown = page(nurse, form, patient.pk).content.decode()
    address = reverse("patients:draft_new", args=[form])
    assert f'data-draft="{address}"' in shown
    assert f'name="draft_target" value="{patient.pk}"' in shown
    assert kept(nurse, form, patient.pk).status_code == 200
    again = cast.words(page(nurse, form, patient.pk))
    assert WORDS in again
    assert "Continued from your draft" in again
    assert WORDS not in cast.words(page(nurse, form, cast.patient("Other").pk))
    assert WORDS not in cast.words(page(cast.staff("nurse"), form, patient.pk))


@pytest.mark.parametrize("form", PAGES)
def test_nobody_learns_from_a_draft_whether_there_is_such_a_patient(nurse, form):
    nobody = new_id()
    assert kept(nurse, form, nobody).status_code == 200
    assert WORDS in cast.words(page(nurse, form, nobody))
    row = Draft.objects.get()
    key = DataKey.objects.get(pk=envelope.key_id_of(bytes(row.sealed)))
    assert (key.subject_id, key.subject_kind, key.scope) == (
        nurse.pk,
        SubjectKind.USER,
        Scope.RECORD,
    )


def test_sending_ends_the_draft_and_a_refusal_does_not(nurse):
    patient = cast.patient()
    kept(nurse, "emergency", patient.pk)
    url = reverse("patients:break_glass", args=[patient.pk])
    browser = cast.browser(nurse)
    assert (
        browser.post(url, {"code": "life", "reason": "short", "minutes": "60"}).status_code == 422
    )
    assert Draft.objects.exists()
    assert browser.post(url, {"code": "life", "reason": WORDS, "minutes": "60"}).status_code == 302
    assert not Draft.objects.exists()
    kept(nurse, "request", patient.pk)
    asking = reverse("patients:access_request", args=[patient.pk])
    assert browser.post(asking, {"reason": WORDS, "days": "7"}).status_code == 302
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("role", "form", "status"),
    [
        ("nurse", "emergency", 200), ("receptionist", "emergency", 403), ("finance", "request", 403),
        ("finance", "patient", 403), ("receptionist", "patient", 200), ("nurse", "note", 404), ("nurse", "x", 404),
    ],
)  # fmt: skip
def test_only_who_may_send_the_form_keeps_a_draft_of_it(role, form, status):
    assert kept(cast.staff(role), form, new_id()).status_code == status


def test_a_form_that_stands_before_a_chart_is_kept_with_no_chart(nurse):
    patient = cast.patient()
    cast.care(nurse, patient)
    url = reverse("patients:draft", args=[patient.pk, "emergency"])
    assert cast.browser(nurse).post(url, {"reason": WORDS}).status_code == 404
