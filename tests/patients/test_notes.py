"""Notes: written by one author, signed once, then only added to; nobody overwrites anybody."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Event, State
from audit.queries import records
from patients.models import Draft, Note, NoteAddendum, RecordVersion
from patients.queries import versions as earlier
from patients.services import drafts, notes, versions
from tests.patients import cast, noting

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(system):
    return cast.patient(days_ago=30)


@pytest.fixture
def author(patient):
    return noting.clinician(patient)


@pytest.fixture
def note(patient, author):
    return noting.write(patient, author)


def edit(note, author, version=1, **changes):
    with cast.acting(author):
        return notes.edit(note_id=note.pk, version=version, changes=changes, by=author)


def sign(note, author, version=1):
    with cast.acting(author):
        return notes.sign(note_id=note.pk, version=version, by=author)


def amend(note, by, text="and wheezes"):
    with cast.acting(by):
        return notes.amend(note_id=note.pk, text=text, by=by)


def mistaken(note, by, version=1):
    with cast.acting(by):
        return notes.mark_mistaken(note_id=note.pk, version=version, reason="wrong one", by=by)


def test_writing_keeps_the_note_tells_it_ends_the_draft_and_lifts_the_patient(patient, author):
    with cast.acting(author):
        drafts.keep(form="note", patient_id=patient.pk, content={"plan": "x"}, by=author)
    before = timezone.now()
    row = noting.write(patient, author)
    event = cast.events("patients.note.written")[0]
    assert (event.subjects, event.object_id) == ([patient.pk], row.pk)
    stored = Note.objects.get()
    assert (stored.status, stored.version, stored.author_id) == ("open", 1, author.pk)
    with cast.acting(author):
        assert (stored.title, dict(stored.sections)) == ("CANARY title", noting.SOAP)
    patient.refresh_from_db(fields=["last_activity_at"])
    assert patient.last_activity_at >= before
    assert not Draft.objects.exists()


def test_what_is_written_and_its_event_roll_back_together(patient, author, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(notes.trail, "record", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            noting.write(patient, author)
    assert not Note.objects.exists()
    assert not cast.events("patients.note.written")


@pytest.mark.parametrize(("deed", "action"), [(sign, "signed"), (mistaken, "marked_mistaken")])
def test_what_happens_to_a_note_and_its_event_roll_back_together(
    note, author, monkeypatch, deed, action
):
    with monkeypatch.context() as patch:
        patch.setattr(notes.trail, "record", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deed(note, author)
    row = Note.objects.get()
    assert (row.status, row.version) == ("open", 1)
    assert not RecordVersion.objects.exists()
    assert not cast.events(f"patients.note.{action}")


def test_the_author_edits_before_signing_and_what_stood_there_is_kept(note, author):
    row = edit(note, author, title="CANARY second")
    with cast.acting(author):
        assert (row.version, row.title) == (2, "CANARY second")
        assert earlier.at(row, 1).title == "CANARY title"
    event = cast.events("patients.note.edited")[0]
    assert event.fields == ["patients.note.title"]
    assert "CANARY" not in str(vars(event))


def test_nobody_else_edits_signs_or_withdraws_a_note(note, patient):
    other = noting.clinician(patient)
    for deed in (
        lambda: edit(note, other, title="x"),
        lambda: sign(note, other),
        lambda: mistaken(note, other),
    ):
        with pytest.raises(notes.NotTheAuthor):
            deed()
    assert Note.objects.get().version == 1


def test_signing_is_final_and_the_state_that_was_signed_is_on_the_trail(note, author):
    row = sign(note, author)
    assert (row.status, row.signed_by, row.version) == ("signed", author, 2)
    event = cast.events("patients.note.signed")[0]
    assert State.objects.get(event_id=event.pk, object_id=row.pk).version == 2
    assert not list(records.mismatched(Note))
    for deed in (lambda: edit(note, author, 2, title="late"), lambda: sign(note, author, 2)):
        with pytest.raises(notes.Final):
            deed()
    # Who still looks at the version before learns the same, not that there is a conflict to be solved.
    with pytest.raises(notes.Final):
        edit(note, author, 1, title="late")
    with cast.acting(author):
        assert Note.objects.get().title == "CANARY title"


def test_another_version_than_the_one_read_is_not_signed(note, author):
    edit(note, author, title="second")
    with pytest.raises(versions.Conflict):
        sign(note, author, version=1)
    assert Note.objects.get().status == "open"


def test_nothing_is_signed_while_typed_words_wait_unsaved(note, author, patient):
    with cast.acting(author):
        drafts.keep(
            form="note",
            patient_id=patient.pk,
            target_id=note.pk,
            content={"plan": "more"},
            by=author,
        )
    with pytest.raises(notes.Unsaved):
        sign(note, author)
    edit(note, author, title="with more")
    assert sign(note, author, version=2).status == "signed"


def test_a_signed_note_is_added_to_by_any_clinician_and_stays_as_it_is(note, author, patient):
    sign(note, author)
    nurse = noting.clinician(patient, "nurse")
    row = amend(note, nurse)
    with cast.acting(author):
        assert (row.text, row.author, row.note_id) == ("and wheezes", nurse, note.pk)
    assert Note.objects.get().version == 2
    event = cast.events("patients.note.amended")[0]
    assert (event.object_id, event.subjects) == (note.pk, [patient.pk])
    assert State.objects.get(event_id=event.pk).object_id == row.pk


def test_an_open_or_mistaken_note_is_not_added_to(note, author):
    with pytest.raises(notes.NotSigned):
        amend(note, author)
    mistaken(note, author)
    with pytest.raises(notes.NotSigned):
        amend(note, author)
    assert not NoteAddendum.objects.exists()


def test_a_mistaken_note_stays_with_its_reason_and_is_mistaken_once(note, author):
    sign(note, author)
    row = mistaken(note, author, version=2)
    with cast.acting(author):
        assert (row.status, row.mistake, row.title) == ("mistaken", "wrong one", "CANARY title")
    with pytest.raises(notes.Final):
        mistaken(note, author, version=3)
    assert Note.objects.count() == 1
    assert "wrong one" not in str(list(Event.objects.values()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "signed"},
        {"signed_at": timezone.now()},
        {"signed_at": timezone.now(), "signed_by": "author"},
    ],
)
def test_the_database_itself_knows_what_signed_means(note, author, wrong):
    for name, value in wrong.items():
        setattr(note, name, author if value == "author" else value)
    note.advance()
    with pytest.raises(IntegrityError), transaction.atomic():
        note.save()


def test_the_same_addendum_again_is_the_one_that_is_there_and_another_is_another(
    note, author, patient
):
    sign(note, author)
    first = amend(note, author)
    assert amend(note, author) == first
    colleague = noting.clinician(patient)
    others = [amend(note, author, "and sleeps"), amend(note, author), amend(note, colleague)]
    assert NoteAddendum.objects.count() == 1 + len(others)
    assert len(cast.events("patients.note.amended")) == 1 + len(others)
