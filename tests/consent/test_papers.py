"""Consent on paper: one form, one patient, one use; it counts once the scan is in the record."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from consent import printing
from consent.models import Consent, PaperForm
from consent.queries import papers as queries
from consent.services import papers
from consent.services.acts import NotTaken
from patients.models import Document
from patients.services import documents
from tests.consent import asking
from tests.patients import cast, media_files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    settings.CLAMD_URL, settings.CLAMD_REQUIRED = "", False


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def mia():
    return cast.patient(record_number="P-1")


@pytest.fixture
def paper(mia, desk):
    words = asking.words()
    return papers.print_form(patient_id=mia.pk, words_id=words.pk, own_initiative=False, by=desk)


def attach(patient, code, by, *, answer="granted", content=b"I agree", name="a.txt", **more):
    day = more.pop("signed_on", timezone.localdate())
    scan = papers.scan_of(name, content, title="Signed form", signed_on=day)
    return papers.attach(
        patient_id=patient.pk, code=code, answer=answer, signed_on=day, incoming=scan,
        act=asking.act("paper", **more), by=by,
    )  # fmt: skip


def test_a_signed_form_counts_once_its_scan_is_in_the_record(mia, desk, paper):
    assert not Consent.objects.exists()
    typed = f" custodia-paper:{queries.shown(paper.code).lower()} "
    taken = attach(mia, typed, desk)
    scan = Document.objects.get()
    event = taken.event
    assert (event.method, event.paper_code, event.document_id) == ("paper", paper.code, scan.pk)
    assert (scan.kind, taken.consent.state) == ("consent", "granted")
    paper.refresh_from_db()
    assert paper.event == event
    assert [len(cast.events(f"consent.paper.{one}")) for one in ("printed", "attached")] == [1, 1]


def test_a_form_may_say_no(mia, desk, paper):
    assert attach(mia, paper.code, desk, answer="declined").consent.state == "declined"


def refused(rule, deed, *args, **more):
    with pytest.raises(NotTaken) as refusal:
        deed(*args, **more)
    assert refusal.value.rule == rule
    assert cast.events("consent.consent.refused")[-1].fields == [f"rule:{rule}"]
    # Nothing of a refused form is in the record as if it counted.
    assert not Document.objects.filter(withdrawn_at__isnull=True).exists()


def test_every_other_code_is_refused(mia, desk, paper):
    refused("code", attach, mia, "00000-00000", desk)
    refused("other_patient", attach, cast.patient(given="Ida"), paper.code, desk)
    with time_machine.travel(paper.expires_at + timedelta(seconds=1), tick=False):
        refused("paper_expired", attach, mia, paper.code, desk)
    assert not Consent.objects.exists()


def test_a_form_whose_words_were_replaced_is_refused(mia, desk, paper):
    asking.words(paper.words.form, purpose="Something more.")
    refused("words", attach, mia, paper.code, desk)


def test_a_form_is_good_once(mia, desk, paper):
    attach(mia, paper.code, desk)
    before = Document.objects.get()
    with pytest.raises(NotTaken, match="good once"):
        attach(mia, paper.code, desk, answer="declined")
    assert Document.objects.get() == before


def test_a_form_was_not_signed_before_it_was_printed_or_tomorrow(mia, desk, paper):
    refused("backdated", attach, mia, paper.code, desk, signed_on=timezone.localdate() - asking.DAY)
    refused("future", attach, mia, paper.code, desk, signed_on=timezone.localdate() + asking.DAY)


def test_a_scan_that_is_refused_leaves_the_form_unused(mia, desk, paper):
    with pytest.raises(documents.NotAccepted):
        attach(mia, paper.code, desk, content=b"MZ\x90\x00", name="a.exe")
    paper.refresh_from_db()
    assert paper.used_at is None


def test_what_is_refused_after_the_scan_came_in_marks_it_as_filed_in_error(mia, desk, paper):
    refused("proof", attach, mia, paper.code, desk, capacity="representative", giver="Bo Lind")
    assert Document.objects.get().withdrawn_at is not None
    paper.refresh_from_db()
    assert paper.used_at is None


def test_nobody_is_handed_a_form_before_it_is_time_to_ask_again(mia, desk):
    words = asking.words()
    asking.decline(mia, words, by=desk)
    about = {"patient_id": mia.pk, "words_id": words.pk, "by": desk}
    with pytest.raises(NotTaken, match="not asked again"):
        papers.print_form(own_initiative=False, **about)
    paper = papers.print_form(own_initiative=True, **about)
    assert attach(mia, paper.code, desk).consent.state == "granted"


def test_a_form_that_lay_on_the_desk_does_not_undo_a_refusal(mia, desk, paper):
    row = asking.grant(mia, paper.words, by=desk).consent
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        asking.withdraw(row, by=desk)
    # Signed earlier, scanned today, and the day of the scan taken for that of the signature.
    with time_machine.travel(timezone.now() + timedelta(2), tick=False):
        refused("refused_since", attach, mia, paper.code, desk)
    row.refresh_from_db()
    assert row.state == "withdrawn"


def test_a_form_entered_a_day_later_says_why(mia, desk, paper):
    with time_machine.travel(timezone.now() + timedelta(2), tick=False):
        day = timezone.localdate(paper.printed_at)
        refused("backdated", attach, mia, paper.code, desk, signed_on=day)
        taken = attach(mia, paper.code, desk, signed_on=day, reason="came by post")
    assert paper.printed_at <= taken.event.given_at < timezone.now() + timedelta(1)


def test_codes_are_read_as_people_type_them():
    code = queries.new_code()
    assert queries.read(queries.shown(code).lower()) == code
    assert queries.read("ol1io-00000") == "0111000000"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_form_is_printed_in_the_language_of_its_words(mia, desk, language):
    words = asking.words(language=language)
    paper = papers.print_form(patient_id=mia.pk, words_id=words.pk, own_initiative=False, by=desk)
    content = queries.content(paper, mia)
    assert content["code"] == queries.shown(paper.code)
    assert content["agree"] == {"en": "I agree", "zh-hans": "我同意"}[language]
    assert printing.pdf("form", content).startswith(b"%PDF")
    assert PaperForm.objects.get().code not in str(paper)


def test_pictures_of_forms_come_in_as_well(mia, desk, paper):
    assert attach(mia, paper.code, desk, content=media_files.picture("PNG"), name="scan.png").event
