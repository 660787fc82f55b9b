"""Every kind of clinical entry can be protected: written so, marked, brought so, corrected, and read again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from patients.models import (
    AllergyIntolerance,
    CarePlan,
    ClinicalAttachment,
    Condition,
    DiagnosticReport,
    Immunization,
    MedicationRequest,
    Observation,
    Procedure,
    RecordVersion,
)
from patients.queries import allergies, cautions
from patients.queries.kinds import BY_KEY
from patients.services import restrictions, versions
from security.sealing.shape import shape_of
from tests.patients import bundles, cast, noting
from tests.patients.importing import assert_given_back, bring
from tests.patients.writing import KINDS, add_url, corrected, only, sent, url

pytestmark = pytest.mark.django_db
ENTRIES = {
    "conditions": Condition, "allergies": AllergyIntolerance, "medications": MedicationRequest,
    "observations": Observation, "procedures": Procedure, "immunizations": Immunization, "plans": CarePlan,
    "reports": DiagnosticReport, "documents": ClinicalAttachment,
}  # fmt: skip
SECRET = {"meta": {"security": [{"code": "R"}]}}


@pytest.fixture
def patient(system):
    return cast.patient()


@pytest.fixture
def author(patient):
    return noting.clinician(patient, cleared=True)


@pytest.fixture
def nurse(patient):
    return noting.clinician(patient, "nurse")


def planted(patient, kind, text="CANARY"):
    model = ENTRIES[kind]
    said = {"resource_type": "Goal", "title": text} if kind == "documents" else {"code_text": text, "status": "active"}  # fmt: skip
    return model.objects.create(patient=patient, occurred_at=timezone.now() - timedelta(1), **said)


def mark(row, by, *, is_restricted=True):
    with cast.acting(by):
        return restrictions.mark(
            model=type(row), row_id=row.pk, version=type(row).objects.get(pk=row.pk).version,
            is_restricted=is_restricted, reason="about a third person", by=by,
        )  # fmt: skip


def left_outside(row, by):
    """Return the fields of a stored row that say anything outside of its restricted envelope."""
    stored, fields = type(row).objects.get(pk=row.pk), shape_of(type(row)).fields
    with cast.acting(by):
        return {
            name
            for name, field in fields.items()
            if field.envelope != "restricted" and getattr(stored, name) is not None
        }


def words(user, patient, name, *more):
    return cast.words(cast.browser(user).get(reverse(f"patients:{name}", args=[patient.pk, *more])))


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_mark_leaves_no_word_of_an_entry_outside_its_restricted_envelope(
    patient, author, nurse, kind
):
    row = planted(patient, kind)
    assert left_outside(row, author)
    mark(row, author)
    assert left_outside(row, author) == set()
    assert "CANARY" not in words(nurse, patient, "clinical")
    for tab in ("clinical", "timeline"):
        assert "CANARY" in words(author, patient, tab), tab
    mark(row, author, is_restricted=False)
    assert "CANARY" in words(nurse, patient, "clinical")


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_that_is_written_as_restricted_is_sealed_so_from_the_start(patient, author, kind):
    sending = sent(kind) | {"confidentiality": "R"}
    assert cast.browser(author).post(add_url(patient, kind), sending).status_code == 302
    row = only(kind)
    assert row.confidentiality == "R"
    assert left_outside(row, author) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_protected_entry_is_corrected_in_its_form_and_stays_protected(patient, author, kind):
    browser = cast.browser(author)
    browser.post(add_url(patient, kind), sent(kind) | {"confidentiality": "R"})
    row = only(kind)
    form = browser.get(url(row, kind)).context["form"]
    assert str(form["code"].value()) == sent(kind)["code"]
    assert browser.post(url(row, kind), corrected(kind)).status_code == 302
    assert only(kind).version == 2
    assert left_outside(row, author) == set()
    changed = words(author, patient, "entry_history", kind, row.pk)
    assert "typed wrong" in changed
    assert "Nothing that is shown here was changed." not in changed


def test_two_writers_of_a_protected_entry_see_each_others_words(patient, author):
    browser = cast.browser(author)
    browser.post(add_url(patient, "conditions"), sent("conditions") | {"confidentiality": "R"})
    row = only("conditions")
    browser.post(url(row, "conditions"), corrected("conditions", code="CANARY first"))
    late = browser.post(url(row, "conditions"), corrected("conditions", code="CANARY second"))
    assert late.status_code == 409
    shown = cast.words(late)
    assert all(one in shown for one in ("CANARY first", "CANARY second", "Asthma · 哮喘"))


def test_what_was_protected_once_stays_closed_in_the_history(patient, author, nurse):
    row = planted(patient, "medications", "CANARY before")
    with cast.acting(author):
        versions.correct(
            model=MedicationRequest, row_id=row.pk, version=1, changes={"code_text": "CANARY after"},
            reason="CANARY why", action="patients.item.corrected", by=author,
        )  # fmt: skip
    mark(row, author)
    mark(row, author, is_restricted=False)
    shown = words(nurse, patient, "entry_history", "medications", row.pk)
    assert "CANARY before" not in shown
    assert "CANARY why" not in shown
    assert "Restricted entry" in shown
    assert "CANARY before" in words(author, patient, "entry_history", "medications", row.pk)


def test_a_state_from_before_entries_had_that_envelope_is_concealed_as_well(patient, author):
    row = planted(patient, "procedures", "CANARY before")
    with cast.acting(author):
        versions.correct(
            model=Procedure, row_id=row.pk, version=1, changes={"code_text": "CANARY after"},
            reason="", action="patients.item.corrected", by=author,
        )  # fmt: skip
    cast.store(RecordVersion, kept_restricted=None, row_restricted_version=None)
    mark(row, author)
    assert "CANARY before" in words(author, patient, "entry_history", "procedures", row.pk)


def test_what_is_brought_as_restricted_is_sealed_so_and_meets_its_source_again(system):
    tree = bundles.bundle(bundles.patient(), bundles.problem(encounter=bundles.EMPTY, **SECRET))
    bring(tree)
    officer = cast.staff("physician")
    row = Condition.objects.get()
    assert (row.confidentiality, left_outside(row, officer)) == ("R", set())
    assert_given_back(tree)
    assert not bring(tree).updated
    tree["entry"][1]["resource"]["code"] = bundles.concept("73211009", "Diabetes")
    assert bring(tree).updated == [row]
    assert left_outside(row, officer) == set()
    stored = Condition.objects.get()
    stored.uncover()
    assert stored.code_text == "Diabetes"


def test_a_protected_allergy_warns_those_who_may_know_of_it(patient, author):
    row = planted(patient, "allergies", "Penicillin")
    mark(row, author)
    with cast.acting(author):
        known = allergies.of(patient.pk, True).items
        assert [one["text"] for one in known] == ["Penicillin"]
        told = cautions.of(patient.pk, text="Penicillin V", coding=None, sees_restricted=True)
        assert told == ["Penicillin"]
        assert not cautions.of(patient.pk, text="Penicillin V", coding=None, sees_restricted=False)


def test_a_protected_result_stands_in_its_trend_for_those_who_may_know_of_it(patient, author):
    browser = cast.browser(author)
    for value in ("4.4", "4.9"):
        browser.post(add_url(patient, "observations"), sent("observations", result=value))
    first = Observation.objects.earliest("pk")
    mark(first, author)
    other = Observation.objects.latest("pk")
    assert "4.4" in words(author, patient, "trend", other.pk)
    assert "4.4" not in words(noting.clinician(patient), patient, "trend", other.pk)


@pytest.mark.parametrize("kind", ENTRIES)
def test_the_clinical_tab_leads_to_the_protection_of_each_entry(patient, author, nurse, kind):
    row = planted(patient, kind)
    way = reverse("patients:protection", args=[patient.pk, kind, row.pk])
    clinical = reverse("patients:clinical", args=[patient.pk])
    assert f'href="{way}"' in cast.browser(author).get(clinical).content.decode()
    assert way not in cast.browser(nurse).get(clinical).content.decode()
    assert cast.browser(author).get(way).status_code == 200
    assert BY_KEY[kind].model is ENTRIES[kind]


def test_the_page_of_an_entry_belongs_to_the_clinical_tab_and_leads_back_to_its_table(
    patient, author
):
    row, browser = planted(patient, "allergies"), cast.browser(author)
    way = reverse("patients:protection", args=[patient.pk, "allergies", row.pk])
    shown = browser.get(way)
    assert [tab["key"] for tab in shown.context["tabs"] if tab["active"]] == ["clinical"]
    assert "<title>Allergy" in shown.content.decode()
    sent_back = browser.post(way, {"version": 1, "is_restricted": "1", "reason": "third person"})
    clinical = reverse("patients:clinical", args=[patient.pk])
    assert sent_back["Location"] == f"{clinical}#section-allergies"
    assert "specially protected" in cast.words(browser.get(clinical))
