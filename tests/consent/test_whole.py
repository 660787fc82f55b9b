"""Everything about a person is in a copy: every model, every field, readable by other programs."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.utils import timezone, translation
from fhir.resources.R4B.bundle import Bundle

from consent.models import Consent, ProcessingPurpose, State
from consent.queries import bundle, readable, whole
from patients.fhir.mapping import RECORD_SHAPES
from patients.models import (
    Disclosure,
    Document,
    Note,
    NoteAddendum,
    Patient,
    PortalAccount,
    Relation,
)
from security.classification import SubjectKind
from security.ids import new_id
from security.sealing import SealedModel
from security.sealing.fields import SealedJSON, SealedText
from security.sealing.shape import shape_of
from tests import planting, world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
KINDS = (SubjectKind.PATIENT, SubjectKind.USER)


class Marks:
    """Writes a mark of its own into every field of text, and remembers which."""

    def __init__(self):
        self.made = {}

    def fill(self, row):
        for name, one in shape_of(type(row)).fields.items():
            if getattr(row, name) is None or getattr(row, name) == "":
                text = f"mark-{len(self.made):04d}-值"
                if isinstance(one, SealedText | SealedJSON):
                    setattr(row, name, text if isinstance(one, SealedText) else [{"text": text}])
                    self.made[text] = f"{row.seal_label}.{name}"
        return row


def test_every_model_that_names_a_person_is_in_a_copy_or_left_out_with_a_reason():
    covered = {model for kind in KINDS for model, _columns in whole.models_about(kind)}
    for model in apps.get_models():
        names_a_patient = any(one.related_model is Patient for one in model._meta.concrete_fields)
        of_somebody = issubclass(model, SealedModel) and (
            model.subject_kind in KINDS and model.subject_field is not None
        )
        if names_a_patient or of_somebody:
            assert model in covered or model._meta.label_lower in whole.LEFT_OUT, model
    assert {apps.get_model(label) for label in whole.LEFT_OUT}.isdisjoint(covered)
    assert all(whole.LEFT_OUT.values())


def test_a_copy_holds_every_sealed_field_of_every_model():
    marks, account = Marks(), world.person(kind="patient", name="Somebody")
    patient = marks.fill(Patient())
    patient.save()
    PortalAccount.objects.create(user=account, patient=patient, capacity="self")
    rows = list(planting.rows(patient, account, marks.fill))
    left_out = set(whole.LEFT_OUT)
    expected = {
        text
        for text, place in marks.made.items()
        if place.rpartition(".")[2] not in whole.TECHNICAL
        and not any(
            row.seal_label == place.rpartition(".")[0] and row._meta.label_lower in left_out
            for row in rows
        )
        # About colleagues or the clinic: no row of the patient's.
        and _label_of(place) in {m.seal_label for m, _c in whole.models_about(SubjectKind.PATIENT)
                                 if issubclass(m, SealedModel)}
    }  # fmt: skip
    parts = list(whole.everything(SubjectKind.PATIENT, patient.pk))
    text = bundle.dumps({part.label: part.rows for part in parts})
    assert len(expected) > 120
    assert [marks.made[mark] for mark in expected if mark not in text] == []
    assert not [part.broken for part in parts if part.broken]
    assert "Somebody" in text


def _label_of(place):
    return place.rpartition(".")[0]


def test_a_copy_of_a_colleague_holds_the_account_and_no_secret():
    clinic = world.clinic()
    nurse = clinic.users["nurse"]
    parts = {part.label: part.rows for part in whole.everything(SubjectKind.USER, nurse.pk)}
    assert parts["security.user"][0]["display_name"] == nurse.display_name
    assert {"security.roleassignment"} <= set(parts)
    assert "security.totpfactor" not in parts
    assert "password" not in parts["security.user"][0]


def test_a_disclosure_that_an_authority_wants_silent_is_not_in_a_copy(patient_row):
    planted = {"recipient": "Police", "what": "x", "why": "y", "ground": "police"}
    Disclosure.objects.create(patient=patient_row, silent_until=_day(400), **planted)
    Disclosure.objects.create(patient=patient_row, silent_until=_day(-1), **planted | {"what": "z"})
    parts = {
        part.label: part.rows for part in whole.everything(SubjectKind.PATIENT, patient_row.pk)
    }
    assert [row["what"] for row in parts["patients.disclosure"]] == ["z"]


def _day(days):
    return timezone.localdate() + timedelta(days=days)


@pytest.fixture
def patient_row():
    return Patient.objects.create(names=[{"family": "Muster", "given": ["Mia"]}], sex="female")


@pytest.fixture
def rich():
    """A patient with one of everything that becomes a FHIR resource."""
    clinic = world.clinic()
    world.bill(clinic)
    author = clinic.users["physician"]
    Relation.objects.create(patient=clinic.patient, kind="MTH", names=[{"text": "Ma Muster"}])
    note = Note.objects.create(
        patient=clinic.patient, author=author, template="soap", title="Cough",
        sections={"plan": "Rest 休息"}, confidentiality="N",
    )  # fmt: skip
    NoteAddendum.objects.create(patient=clinic.patient, note=note, author=author, text="Better")
    Document.objects.create(
        patient=clinic.patient, media_type="application/pdf", size=3, file_id=new_id(),
        uploaded_by=author, title="Letter",
    )  # fmt: skip
    purpose = ProcessingPurpose.objects.create(key="newsletter", name="Newsletter", name_zh="通讯")
    Consent.objects.create(
        patient=clinic.patient, purpose=purpose, state=State.GRANTED, since=note.created_at
    )
    return clinic


def test_the_bundle_of_a_record_is_valid_and_its_references_lead_somewhere(rich):
    record, broken = bundle.of([rich.patient.pk], {})
    text = bundle.dumps(record)
    assert not broken
    checked = Bundle.model_validate_json(text)
    kinds = {entry.resource.get_resource_type() for entry in checked.entry}
    assert kinds >= {
        "Patient", "Condition", "DocumentReference", "RelatedPerson", "Invoice", "Consent",
    }  # fmt: skip
    urls = {entry["fullUrl"] for entry in record["entry"]}
    pointed = set(_references(json.loads(text)))
    assert {one for one in pointed if one.startswith("urn:uuid:")} <= urls
    assert pointed
    assert not [one for one in pointed if one.startswith("Patient/")]


def test_a_row_that_says_nothing_becomes_a_valid_resource_all_the_same():
    patient = Patient.objects.create()
    for shape in RECORD_SHAPES:
        shape.model.objects.create(patient=patient)
    record, broken = bundle.of([patient.pk], {})
    assert not broken
    checked = Bundle.model_validate_json(bundle.dumps(record))
    assert len(checked.entry) == len(RECORD_SHAPES) + 1


def _references(value):
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _references(part)


def test_decimals_keep_their_digits():
    assert '"a": 1.50' in bundle.dumps({"a": Decimal("1.50")})
    assert json.loads(bundle.dumps({"a": "1.50"})) == {"a": "1.50"}


@pytest.mark.parametrize(("language", "word"), [("en", "Plan: Rest 休息"), ("zh-hans", "休息")])
def test_the_readable_copy_holds_whole_notes_in_the_language_of_the_request(rich, language, word):
    with translation.override(language):
        content = readable.of([rich.patient.pk], clinic="Clinic")
    said = json.dumps(content, ensure_ascii=False)
    assert all(one in said for one in (word, "Better", "Muster"))
