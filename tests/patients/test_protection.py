"""Specially protected entries: their words lie under a key of their own and open to named clinicians only."""

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.queries import records
from patients.models import (
    Condition,
    Draft,
    Note,
    NoteAddendum,
    Observation,
    RecordVersion,
)
from patients.queries import versions as earlier
from patients.services import drafts, entries, notes, restrictions, versions
from security.models import DataKey
from security.sealing import envelope
from tests.patients import cast, noting

pytestmark = pytest.mark.django_db
RESTRICTED, RECORD = "restricted", "record"


@pytest.fixture
def patient(system):
    return cast.patient()


@pytest.fixture
def author(patient):
    return noting.clinician(patient, cleared=True)


@pytest.fixture
def nurse(patient):
    return noting.clinician(patient, "nurse")


def mark(row, by, *, is_restricted=True):
    version = type(row).objects.get(pk=row.pk).version
    with cast.acting(by):
        return restrictions.mark(
            model=type(row), row_id=row.pk, version=version, is_restricted=is_restricted,
            reason="about a third person", by=by,
        )  # fmt: skip


def scopes(row):
    """Return the scope of the key that seals each envelope of a row as it is stored."""
    stored = (
        type(row).objects.filter(pk=row.pk).values("sealed", "sealed_card", "sealed_restricted")
    )
    return {
        column: DataKey.objects.get(pk=envelope.key_id_of(bytes(blob))).scope
        for column, blob in stored.get().items()
    }


def left_outside(row):
    """Return what the card and the body of a stored row still say."""
    stored = type(row).objects.get(pk=row.pk)
    names = ("title", "sections", "text", "code_text", "code", "status", "notes", "extra")
    sealed = {name for name in names if name in {f.name for f in type(row)._meta.private_fields}}
    return {name for name in sealed if getattr(stored, name) is not None}


def test_a_note_written_as_protected_has_no_word_outside_its_restricted_envelope(patient, author):
    row = noting.write(patient, author, is_restricted=True)
    with cast.acting(author):
        assert left_outside(row) == set()
        stored = Note.objects.get()
        stored.uncover()
        assert (stored.title, dict(stored.sections)) == ("CANARY title", noting.SOAP)
    assert scopes(row) == {"sealed": RECORD, "sealed_card": RECORD, "sealed_restricted": RESTRICTED}


def test_marking_moves_the_note_its_versions_its_addenda_and_what_is_being_typed(patient, author):
    row = noting.write(patient, author)
    with cast.acting(author):
        notes.edit(note_id=row.pk, version=1, changes={"title": "CANARY second"}, by=author)
        notes.sign(note_id=row.pk, version=2, by=author)
        addendum = notes.amend(note_id=row.pk, text="CANARY wheezes", by=author)
        drafts.keep(
            form="addendum",
            patient_id=patient.pk,
            target_id=row.pk,
            content={"text": "CANARY typed"},
            by=author,
        )
    mark(row, author)
    with cast.acting(author):
        assert left_outside(row) == left_outside(addendum) == set()
        for kept in RecordVersion.objects.all():
            before = earlier.reopened(kept)
            assert {getattr(before, f) for f in ("title", "text") if hasattr(before, f)} == {None}
            before.uncover()
            assert "CANARY" in (getattr(before, "title", None) or before.text)
        draft = Draft.objects.get()
        assert (draft.content, draft.restricted_content) == (None, {"text": "CANARY typed"})
    assert RecordVersion.objects.count() == 4
    # Every row that was written is on the trail as it is now.
    for model in (Note, NoteAddendum, RecordVersion, Draft):
        assert not list(records.mismatched(model)), model


def test_without_the_restricted_key_not_a_word_can_be_read_and_with_it_all(patient, author):
    row = noting.write(patient, author)
    mark(row, author)
    DataKey.objects.filter(subject_id=patient.pk, scope=RECORD).update(wrapped=b"")
    with cast.acting(author):
        stored = Note.objects.get()
        assert stored.withheld["title"] == "CANARY title"


def test_lifting_the_mark_brings_everything_back_and_old_versions_stay_protected(patient, author):
    row = noting.write(patient, author)
    mark(row, author)
    mark(row, author, is_restricted=False)
    with cast.acting(author):
        stored = Note.objects.get()
        assert (stored.confidentiality, stored.title, stored.withheld) == (
            "N",
            "CANARY title",
            None,
        )
        assert dict(stored.sections) == noting.SOAP
        assert earlier.at(stored, 1).title is None
    assert [event.action for event in Event.objects.filter(action__startswith="patients.item")] == [
        "patients.item.protected", "patients.item.opened",
    ]  # fmt: skip


def test_a_protected_note_is_edited_signed_and_added_to_without_leaving_its_envelope(
    patient, author
):
    row = noting.write(patient, author, is_restricted=True)
    with cast.acting(author):
        notes.edit(note_id=row.pk, version=1, changes={"title": "CANARY second"}, by=author)
        notes.sign(note_id=row.pk, version=2, by=author)
        addendum = notes.amend(note_id=row.pk, text="CANARY more", by=author)
        notes.mark_mistaken(note_id=row.pk, version=3, reason="CANARY why", by=author)
        assert left_outside(row) == left_outside(addendum) == set()
        stored = Note.objects.get()
        assert stored.mistake is None
        stored.uncover()
        assert (stored.title, stored.mistake) == ("CANARY second", "CANARY why")


def test_a_diagnosis_is_marked_corrected_and_opened_again(patient, author):
    row = Condition.objects.create(
        patient=patient, code_text="CANARY", code={"text": "CANARY"}, status="active",
        occurred_at=timezone.now(), restricted_detail="told in confidence",
    )  # fmt: skip
    mark(row, author)
    with cast.acting(author):
        assert left_outside(row) == set()
        versions.correct(
            model=Condition, row_id=row.pk, version=2, changes={"code_text": "CANARY two"},
            reason="", action="patients.item.corrected", by=author,
        )  # fmt: skip
        assert left_outside(row) == set()
        with pytest.raises(versions.NothingChanged):
            versions.correct(
                model=Condition, row_id=row.pk, version=3, changes={"code_text": "CANARY two"},
                reason="", action="patients.item.corrected", by=author,
            )  # fmt: skip
    mark(row, author, is_restricted=False)
    with cast.acting(author):
        stored = Condition.objects.get()
        assert (stored.code_text, stored.status) == ("CANARY two", "active")
        assert stored.restricted_detail == "told in confidence"


def test_marking_twice_the_same_way_changes_nothing(patient, author):
    row = noting.write(patient, author, is_restricted=True)
    with pytest.raises(versions.NothingChanged):
        mark(row, author)
    assert Note.objects.get().version == 1


def test_marking_what_changed_meanwhile_is_a_conflict_and_rolls_back(patient, author, monkeypatch):
    row = noting.write(patient, author)
    with pytest.raises(versions.Conflict), cast.acting(author):
        restrictions.mark(
            model=Note, row_id=row.pk, version=7, is_restricted=True, reason="x", by=author
        )
    with monkeypatch.context() as patch:
        patch.setattr(restrictions.trail, "record", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mark(row, author)
    stored = Note.objects.get()
    assert (stored.confidentiality, stored.version) == ("N", 1)
    assert not RecordVersion.objects.exists()


# The pages


def page(user, patient, name, *more, **query):
    url = reverse(f"patients:{name}", args=[patient.pk, *more])
    return cast.browser(user).get(url, query)


def test_who_has_no_clearance_sees_that_there_is_an_entry_and_not_a_word_of_it(
    patient, author, nurse
):
    row = noting.signed(patient, author, is_restricted=True)
    for tab in ("notes", "timeline", "clinical", "patient"):
        text = cast.words(page(nurse, patient, tab))
        assert "Restricted entry" in text, tab
        assert "CANARY" not in text
        assert "CANARY" in cast.words(page(author, patient, tab)), tab
    for name in ("note", "note_versions"):
        assert page(nurse, patient, name, row.pk).status_code == 403
        assert "CANARY" in cast.words(page(author, patient, name, row.pk))
    url = reverse("patients:note_amend", args=[patient.pk, row.pk])
    assert cast.browser(nurse).post(url, {"text": "x"}).status_code == 403


def test_reading_without_a_clearance_does_not_open_the_restricted_envelope(patient, author, nurse):
    noting.signed(patient, author, is_restricted=True)
    noting.signed(patient, author)
    page(nurse, patient, "notes")
    read = cast.events("security.record.read")[-1]
    assert "patients.note.title" in read.fields
    assert "patients.note.withheld" not in read.fields
    page(author, patient, "notes")
    assert "patients.note.withheld" in cast.events("security.record.read")[-1].fields


def test_the_page_marks_and_lifts_with_a_reason(patient, author):
    row, browser = noting.signed(patient, author), cast.browser(author)
    url = reverse("patients:protection", args=[patient.pk, "notes", row.pk])
    shown = browser.get(url)
    assert "Protect this entry specially?" in cast.words(shown)
    assert "CANARY title" in cast.words(shown)
    assert browser.post(url, {"version": 2, "is_restricted": "1"}).status_code == 422
    sent = {"version": 2, "is_restricted": "1", "reason": "about a third person"}
    assert browser.post(url, sent).status_code == 302
    assert Note.objects.get().confidentiality == "R"
    assert browser.post(url, sent).status_code == 409
    assert "Lift the special protection?" in cast.words(browser.get(url))
    assert browser.post(url, sent | {"version": 3, "is_restricted": "0"}).status_code == 302
    assert Note.objects.get().confidentiality == "N"


def test_only_the_cleared_mark_and_only_entries_of_this_patient(patient, author, nurse):
    row = noting.signed(patient, author)
    other = cast.patient("Other")
    sent = {"version": 2, "is_restricted": "1", "reason": "x"}

    def tried(user, whose=patient, kind="notes", entry=row.pk):
        return cast.browser(user).post(
            reverse("patients:protection", args=[whose.pk, kind, entry]), sent
        )

    assert tried(nurse).status_code == 403
    assert tried(noting.clinician(patient)).status_code == 403
    assert tried(cast.staff("receptionist")).status_code == 403
    assert tried(cast.staff("physician")).status_code == 404
    assert tried(author, other).status_code == 404
    cast.care(author, other)
    assert tried(author, other).status_code == 404
    assert tried(author, kind="conditions").status_code == 404
    assert tried(author, kind="nonsense").status_code == 404
    assert Note.objects.get().confidentiality == "N"


def test_a_draft_of_who_may_protect_lies_under_the_restricted_key_from_the_first_letter(
    patient, author, nurse
):
    url = reverse("patients:note_new", args=[patient.pk])
    for user, sent in ((author, "1"), (nurse, "")):
        shown = cast.browser(user).get(url).content.decode()
        assert f'name="draft_restricted" value="{sent}"' in shown
        assert ("Only named clinicians" in shown) is (user is author)


def test_a_page_that_was_opened_before_the_mark_keeps_its_draft_under_the_restricted_key(
    patient, author
):
    row = noting.write(patient, author)
    client, keep = cast.browser(author), f"/patients/{patient.pk}/drafts/note/"
    typed = {"plan": "CANARY typed", "draft_target": str(row.pk), "version": "1"}
    assert client.post(keep, typed).status_code == 200
    mark(row, author)
    # What the page sends of itself says nothing of the mark.
    assert client.post(keep, typed | {"draft_restricted": "0"}).status_code == 200
    kept = Draft.objects.get()
    assert kept.content is None
    assert kept.restricted_content["plan"] == "CANARY typed"


def test_what_was_protected_at_its_time_stays_so_in_the_history_of_an_opened_entry(
    patient, author, nurse
):
    row = Observation.objects.create(
        patient=patient, code_text="Test", value_text="CANARY", status="final", occurred_at=timezone.now()
    )  # fmt: skip
    mark(row, author)
    with cast.acting(author):
        entries.correct(
            model=Observation, row_id=row.pk, version=2, changes={"value_text": "negative"},
            reason="mixed up", by=author,
        )  # fmt: skip
    mark(row, author, is_restricted=False)
    page = reverse("patients:entry_history", args=[patient.pk, "observations", row.pk])
    shown = cast.words(cast.browser(nurse).get(page))
    assert "mixed up" not in shown
    assert "CANARY" not in shown
    assert "Restricted entry" in shown
    assert "CANARY" in cast.words(cast.browser(author).get(page))


def test_a_protected_diagnosis_is_corrected_from_what_it_says_and_not_from_nothing(patient, author):
    row = Condition.objects.create(
        patient=patient, code_text="Asthma", notes=[{"text": "since childhood"}], status="active",
        occurred_at=timezone.now(),
    )  # fmt: skip
    mark(row, author)
    client = cast.browser(author)
    address = reverse("patients:entry_correct", args=[patient.pk, "conditions", row.pk])
    form = client.get(address).context["form"]
    assert (str(form["code"].value()), form["notes"].value()) == ("Asthma", "since childhood")
    history = address + "history/"
    assert "Asthma" in cast.words(client.get(history))


def test_a_cleared_nurse_reads_the_own_note_that_was_protected_and_does_not_write_into_it(
    patient, author
):
    nurse = noting.clinician(patient, "nurse", cleared=True)
    rows = [noting.write(patient, nurse), noting.signed(patient, nurse)]
    for row in rows:
        mark(row, author)
    client = cast.browser(nurse)

    def asked(name, row, **sent):
        address = reverse(f"patients:{name}", args=[patient.pk, row.pk])
        return client.post(address, sent) if sent else client.get(address)

    assert asked("note", rows[0]).status_code == 200
    assert asked("note_edit", rows[0]).status_code == 403
    assert asked("note_edit", rows[0], **noting.form(version=2)).status_code == 403
    assert asked("note_amend", rows[1], text="and wheezes").status_code == 403
    assert [one.version for one in Note.objects.order_by("pk")] == [2, 3]
    assert not NoteAddendum.objects.exists()
