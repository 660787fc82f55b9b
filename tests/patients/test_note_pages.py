"""The pages of notes: written by those who may, read by the team, found in the lists, safe against two windows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from patients.models import Draft, Note, NoteAddendum
from patients.queries import drafts as typed
from patients.queries import notes as found
from patients.services import drafts, notes
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


def keep(author, patient, target=None, **content):
    with cast.acting(author):
        drafts.keep(
            form="note", patient_id=patient.pk, target_id=target and target.pk,
            target_version=target and target.version, content=content, by=author,
        )  # fmt: skip


# Writing


def test_a_note_is_written_read_signed_and_added_to(browser, patient):
    answer = browser.post(url("note_new", patient), noting.form(then="sign"))
    row = Note.objects.get()
    assert answer.url == url("note_sign", patient, row.pk)
    shown = cast.words(browser.get(answer.url))
    for part in ("Sign this note?", "Cough", "Coughs at night", "Spirometry", "Not signed"):
        assert part in shown
    answer = browser.post(answer.url, {"version": 1})
    assert answer.url == url("note", patient, row.pk)
    browser.post(url("note_amend", patient, row.pk), {"text": "Spirometry was normal"})
    shown = cast.words(browser.get(answer.url))
    for part in (
        "Signed by The physician",
        "Addenda",
        "Spirometry was normal",
        "Entered in error?",
    ):
        assert part in shown
    assert "Change" not in shown
    assert browser.get(url("note_edit", patient, row.pk)).status_code == 302
    assert browser.get(url("note_sign", patient, row.pk)).status_code == 302


@pytest.mark.parametrize("template", Note.Template.values)
def test_each_template_brings_its_sections(browser, patient, template):
    shown = browser.get(url("note_new", patient), {"template": template})
    keys = shown.context["form"].sections
    assert keys
    sent = noting.form(template=template) | dict.fromkeys(keys, "said")
    browser.post(url("note_new", patient), sent)
    with cast.acting(Note.objects.get().author):
        assert Note.objects.get().sections == dict.fromkeys(keys, "said")


def test_a_nurse_writes_notes_and_who_may_not_write_is_not_asked_to(patient):
    nurse = cast.browser(noting.clinician(patient, "nurse"))
    assert nurse.post(url("note_new", patient), noting.form()).status_code == 302
    for role, status in (
        ("receptionist", 403),
        ("finance", 403),
        ("auditor", 403),
        ("administrator", 404),
    ):
        other = cast.browser(cast.staff(role))
        assert other.get(url("notes", patient)).status_code == status, role
        assert other.post(url("note_new", patient), noting.form()).status_code == status, role
    stranger = cast.browser(cast.staff("physician"))
    row = Note.objects.get()
    for name in ("note", "note_edit", "note_sign", "note_versions"):
        assert stranger.get(url(name, patient, row.pk)).status_code == 404
    assert Note.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"subjective": "", "plan": "  "}, "Write something into one of the sections first."),
        ({"occurred_at": ""}, "Say when this was."),
        ({"occurred_at": "yesterday"}, "This is no date and time."),
        ({"occurred_at": "2026-02-30T10:00"}, "This is no date and time."),
        ({"occurred_at": "2999-01-01T10:00"}, "This lies in the future."),
        ({"occurred_at": "0001-01-01T00:00"}, "This lies too far back."),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"plan": "x" * 20_001}, "at most 20000 characters"),
        ({"plan": "a\x00b"}, "Null characters are not allowed."),
        ({"subjective": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_can_not_be_meant_is_refused_in_words_and_stays_in_the_form(
    browser, patient, wrong, said
):
    answer = browser.post(
        url("note_new", patient),
        noting.form(assessment="kept here") | wrong
        if "subjective" not in wrong or wrong["subjective"]
        else noting.form() | wrong,
    )
    assert answer.status_code == 422
    assert said in cast.words(answer)
    assert not Note.objects.exists()


@pytest.mark.parametrize("template", ["", "x", "SOAP", "../soap", "soap\x00", "<script>"])
def test_a_template_that_is_none_becomes_the_usual_one_or_is_refused(browser, patient, template):
    shown = browser.get(url("note_new", patient), {"template": template})
    assert shown.context["form"].sections[0] == "subjective"
    answer = browser.post(url("note_new", patient), noting.form(template=template))
    assert answer.status_code == 422
    assert not Note.objects.exists()


def test_a_colleague_without_clearance_can_not_slip_the_mark_in(browser, patient):
    browser.post(url("note_new", patient), noting.form(confidentiality="R"))
    assert Note.objects.get().confidentiality == "N"


def test_only_the_author_changes_and_signs(browser, patient, author):
    row = noting.write(patient, author)
    other = cast.browser(noting.clinician(patient))
    assert "Not signed" in cast.words(other.get(url("note", patient, row.pk)))
    assert other.get(url("note_edit", patient, row.pk)).url == url("note", patient, row.pk)
    assert other.post(url("note_edit", patient, row.pk), noting.form(version=1)).status_code == 403
    assert other.post(url("note_sign", patient, row.pk), {"version": 1}).status_code == 403
    answer = other.post(url("note_mistaken", patient, row.pk), {"version": 1, "reason": "x"})
    assert answer.status_code == 403
    stored = Note.objects.get()
    assert (stored.version, stored.status) == (1, "open")


def test_a_note_of_another_patient_is_not_found_under_this_one(browser, patient, author):
    other = cast.patient("Other")
    cast.care(author, other)
    row = noting.write(other, author)
    for name in ("note", "note_edit", "note_sign", "note_versions"):
        assert browser.get(url(name, patient, row.pk)).status_code == 404
    assert browser.post(url("note_amend", patient, row.pk), {"text": "x"}).status_code == 404
    assert (
        browser.post(
            url("note_mistaken", patient, row.pk), {"reason": "x", "version": 1}
        ).status_code
        == 404
    )


# Drafts


def test_a_draft_fills_the_form_again_and_saving_ends_it(browser, patient, author):
    keep(author, patient, template="phone", caller="The daughter", title="")
    shown = browser.get(url("note_new", patient), {"template": "soap"})
    assert "The daughter" in shown.content.decode()
    assert "Continued from your draft" in cast.words(shown)
    assert "You began a note" in cast.words(browser.get(url("notes", patient)))
    browser.post(url("note_new", patient), noting.form(template="phone", caller="The daughter"))
    assert not Draft.objects.exists()


def test_a_draft_of_a_change_comes_back_on_the_version_it_was_begun_on(browser, patient, author):
    row = noting.write(patient, author)
    keep(author, patient, row, plan="typed on", title="typed")
    with cast.acting(author):
        notes.edit(note_id=row.pk, version=1, changes={"title": "elsewhere"}, by=author)
    # Saving ended the draft of the other window: it is kept again by the window that is still open.
    keep(author, patient, row, plan="typed on", title="typed")
    form = browser.get(url("note_edit", patient, row.pk)).context["form"]
    assert (form["version"].value(), form["plan"].value()) == (1, "typed on")


def test_a_draft_is_thrown_away_when_asked(browser, patient, author):
    row = noting.write(patient, author)
    keep(author, patient, plan="new")
    keep(author, patient, row, plan="change")
    assert browser.post(url("note_discard", patient), {"target": ""}).url == url("notes", patient)
    assert Draft.objects.get().target_id == row.pk
    answer = browser.post(url("note_discard", patient), {"target": str(row.pk)})
    assert answer.url == url("note", patient, row.pk)
    assert browser.post(url("note_discard", patient), {"target": "x"}).status_code == 404
    assert not Draft.objects.exists()


def test_what_came_too_late_for_a_note_fills_its_addendum(browser, patient, author):
    row = noting.signed(patient, author)
    keep(author, patient, row, subjective="typed in the other window", plan="")
    answer = browser.post(url("note_edit", patient, row.pk), noting.form(version=1))
    assert answer.status_code == 403
    assert "Add an addendum instead" in cast.words(answer)
    assert "typed in the other window" in browser.get(url("note", patient, row.pk)).content.decode()
    browser.post(url("note_amend", patient, row.pk), {"text": "typed in the other window"})
    assert not Draft.objects.exists()
    assert NoteAddendum.objects.count() == 1


def test_an_unsaved_draft_stands_in_the_way_of_signing(browser, patient, author):
    row = noting.write(patient, author)
    keep(author, patient, row, plan="more")
    shown = cast.words(browser.get(url("note_sign", patient, row.pk)))
    assert "did not save it" in shown
    assert browser.post(url("note_sign", patient, row.pk), {"version": 1}).status_code == 403
    assert Note.objects.get().status == "open"


# Two windows


def test_the_second_of_two_writers_sees_all_three_states_and_decides(browser, patient, author):
    row = noting.write(patient, author, title="read", sections={"plan": "read plan"})
    page = url("note_edit", patient, row.pk)
    first = noting.form(title="theirs", plan="read plan", subjective="", version=1)
    assert browser.post(page, first).status_code == 302
    second = noting.form(title="mine", plan="my plan", subjective="", version=1)
    answer = browser.post(page, second)
    assert answer.status_code == 409
    states = {one.name: (one.read, one.stored, one.mine) for one in answer.context["differences"]}
    assert states["title"] == ("read", "theirs", "mine")
    assert states["plan"] == ("read plan", "read plan", "my plan")
    assert answer.context["form"]["version"].value() == "2"
    assert browser.post(page, second | {"version": 2}).status_code == 302
    with cast.acting(author):
        stored = Note.objects.get()
        assert (stored.version, stored.title) == (3, "mine")


def test_saving_the_same_again_is_no_new_version(browser, patient, author):
    at = timezone.localtime().replace(second=0, microsecond=0)
    row = noting.write(patient, author, title="Cough", occurred_at=at)
    keep(author, patient, row, plan="typed and taken back")
    sent = noting.form(occurred_at=at.strftime("%Y-%m-%dT%H:%M"), version=1, **noting.SOAP)
    assert browser.post(url("note_edit", patient, row.pk), sent).status_code == 302
    assert Note.objects.get().version == 1
    assert not Draft.objects.exists()


def test_a_note_that_changed_is_read_again_before_it_is_signed(browser, patient, author):
    row = noting.write(patient, author)
    with cast.acting(author):
        notes.edit(note_id=row.pk, version=1, changes={"title": "newer title"}, by=author)
    answer = browser.post(url("note_sign", patient, row.pk), {"version": 1})
    assert answer.status_code == 409
    assert "newer title" in cast.words(answer)
    assert 'name="version" value="2"' in answer.content.decode()
    assert Note.objects.get().status == "open"
    assert browser.post(url("note_sign", patient, row.pk), {"version": "x"}).status_code == 422


# Reading


def test_the_list_goes_page_by_page_and_by_template(browser, patient, author, monkeypatch):
    monkeypatch.setattr(found, "PAGE", 3)
    for number in range(7):
        noting.write(patient, author, title=f"note {number}", template="phone" if number % 2 else "soap",
                     occurred_at=timezone.now() - timezone.timedelta(hours=9 - number))  # fmt: skip
    seen, page = [], url("notes", patient)
    while page:
        shown = browser.get(page).context["notes"]
        seen += [row["text"] for row in shown["rows"]]
        page = shown["next_url"]
    assert seen == [f"note {number}" for number in range(6, -1, -1)]
    shown = browser.get(url("notes", patient), {"template": "phone"}).context["notes"]
    assert [row["text"] for row in shown["rows"]] == ["note 5", "note 3", "note 1"]
    for nonsense in ("x", "phone'--", "\x00"):
        shown = browser.get(url("notes", patient), {"template": nonsense, "after": nonsense})
        assert len(shown.context["notes"]["rows"]) == 3


@pytest.mark.parametrize("tab", ["notes", "timeline", "clinical", "patient"])
@pytest.mark.parametrize("is_restricted", [False, True])
def test_lists_ask_as_often_for_ten_notes_as_for_one(patient, tab, is_restricted):
    writers = [noting.clinician(patient, cleared=True) for _ in range(3)]
    reader = cast.browser(writers[0])

    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert reader.get(url(tab, patient)).status_code == 200
        return len(queries)

    noting.write(patient, writers[1], is_restricted=is_restricted)
    asked()
    one = asked()
    for number in range(9):
        noting.write(patient, writers[number % 3], is_restricted=is_restricted)
    assert asked() == one


def test_a_note_asks_as_often_for_ten_addenda_as_for_one(patient, author):
    row, reader = noting.signed(patient, author), cast.browser(author)
    writers = [author, *(noting.clinician(patient) for _ in range(2))]

    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert reader.get(url("note", patient, row.pk)).status_code == 200
        return len(queries)

    def amend(by):
        with cast.acting(by):
            notes.amend(note_id=row.pk, text="more", by=by)

    amend(writers[1])
    asked()
    one = asked()
    for number in range(9):
        amend(writers[number % 3])
    assert asked() == one


def test_a_broken_note_stays_alone(patient, author, browser):
    noting.write(patient, author, title="whole one")
    broken = noting.write(patient, author, title="broken one")
    cast.break_seal(broken)
    for tab in ("notes", "timeline", "clinical", "patient"):
        text = cast.words(browser.get(url(tab, patient)))
        assert "whole one" in text
        assert "Unavailable" in text
        assert "broken one" not in text
    assert browser.get(url("note", patient, broken.pk)).status_code == 503


def test_a_mistaken_note_says_so_everywhere_and_leaves_the_summary(browser, patient, author):
    row = noting.write(patient, author)
    answer = browser.post(url("note_mistaken", patient, row.pk), {"version": 1})
    assert answer.status_code == 422
    assert "Say what was wrong with the note." in cast.words(answer)
    browser.post(url("note_mistaken", patient, row.pk), {"version": 1, "reason": "wrong patient"})
    shown = cast.words(browser.get(url("note", patient, row.pk)))
    assert "do not rely on this note" in shown
    assert "wrong patient" in shown
    for tab in ("notes", "timeline", "clinical"):
        assert "Entered in error" in cast.words(browser.get(url(tab, patient)))
    assert "CANARY" not in cast.words(browser.get(url("patient", patient)))


def test_the_own_draft_of_a_form_is_not_seen_by_a_colleague(patient, author):
    keep(author, patient, plan="mine alone")
    other = noting.clinician(patient)
    shown = cast.browser(other).get(url("note_new", patient))
    assert "mine alone" not in shown.content.decode()
    with cast.acting(other):
        assert typed.find(other, form="note", patient_id=patient.pk) is None


def test_what_another_person_typed_at_this_browser_is_not_sent_in_ones_name(
    browser, patient, author
):
    row, other = noting.signed(patient, author), noting.clinician(patient)
    sent = noting.form(draft_writer=str(other.pk), text="x", version=1)
    pages = (
        url("note_new", patient),
        url("note_amend", patient, row.pk),
        url("draft", patient, "note"),
    )
    for page in pages:
        answer = browser.post(page, sent)
        assert answer.status_code == 403
        assert "Somebody else signed in at this browser." in cast.words(answer)
    assert (Note.objects.count(), NoteAddendum.objects.count()) == (1, 0)
    assert not Draft.objects.exists()
