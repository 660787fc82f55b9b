"""What changed between two versions of a note, for those who may read both."""

import pytest
from django.urls import reverse

from patients.services import notes
from tests.patients import cast, noting

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(system):
    return cast.patient()


@pytest.fixture
def author(patient):
    return noting.clinician(patient)


@pytest.fixture
def browser(author):
    return cast.browser(author)


def url(name, patient, *more):
    return reverse(f"patients:{name}", args=[patient.pk, *more])


def test_two_versions_are_compared_word_by_word(browser, patient, author):
    row = noting.write(patient, author, sections={"plan": "rest and drink 多喝热水"})
    with cast.acting(author):
        changes = {"sections": {"plan": "rest and walk 多喝温水"}}
        notes.edit(note_id=row.pk, version=1, changes=changes, by=author)
    shown = browser.get(url("note_versions", patient, row.pk))
    pieces = shown.context["changes"]["sections"][-1]["pieces"]
    assert [tuple(piece) for piece in pieces] == [
        ("same", "rest and "), ("gone", "drink "), ("new", "walk "), ("same", "多喝"),
        ("gone", "热"), ("new", "温"), ("same", "水"),
    ]  # fmt: skip
    text = shown.content.decode()
    assert "<del>" in text
    assert "<ins>" in text
    same = browser.get(url("note_versions", patient, row.pk), {"from": 2, "to": 2})
    assert "The words are the same in both." in cast.words(same)
    for nonsense in ("9", "0", "x", "-1", "1" * 30, "²"):
        answer = browser.get(url("note_versions", patient, row.pk), {"from": nonsense})
        assert answer.status_code == 200


def test_versions_from_the_protected_time_stay_shut_for_the_others(patient):
    keeper, nurse = noting.clinician(patient, cleared=True), noting.clinician(patient, "nurse")
    row = noting.write(patient, keeper, title="CANARY early")
    page = cast.browser(keeper)
    for version, wanted in ((1, "1"), (2, "0")):
        sent = {"version": version, "is_restricted": wanted, "reason": "x"}
        assert page.post(url("protection", patient, "notes", row.pk), sent).status_code == 302
    with cast.acting(keeper):
        notes.edit(note_id=row.pk, version=3, changes={"title": "late"}, by=keeper)
    answer = cast.browser(nurse).get(url("note_versions", patient, row.pk), {"from": 1, "to": 4})
    assert "not open to you" in cast.words(answer)
    assert "CANARY" not in answer.content.decode()
    assert "CANARY early" in cast.words(
        page.get(url("note_versions", patient, row.pk), {"from": 1, "to": 4})
    )
