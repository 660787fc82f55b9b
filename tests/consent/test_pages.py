"""The pages of consent: who sees them, what they say, one act a page, nothing ticked before."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from consent.models import Consent, ConsentEvent, ConsentForm, ConsentFormVersion, PaperForm
from consent.queries.words import digest
from tests import consenting
from tests.consent import asking
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def browser(desk):
    return cast.browser(desk)


@pytest.fixture
def mia():
    return cast.patient(birth_on=timezone.localdate() - timedelta(365 * 40))


@pytest.fixture
def words():
    return asking.words()


def url(name, patient, *more):
    return reverse(f"consent:{name}", args=[patient.pk, *more])


def posted(words, answer="granted", **more):
    said = {"words": words.pk, "giver": "self:", "method": "tick", "answer": answer}
    return said | more


def test_the_tab_shows_where_each_purpose_stands_and_asks_for_it(browser, desk, mia, words):
    page = browser.get(url("consents", mia))
    assert "Not asked yet" in cast.words(page)
    assert url("answer", mia, words.form_id) in page.content.decode()
    asking.grant(mia, words, by=desk)
    assert "Withdraw" in cast.words(browser.get(url("consents", mia)))
    summary = browser.get(reverse("patients:patient", args=[mia.pk])).content.decode()
    assert url("consents", mia) in summary


def test_nothing_is_ticked_and_to_refuse_is_as_near_as_to_agree(browser, mia, words):
    text = browser.get(url("answer", mia, words.form_id)).content.decode()
    assert not re.search(r'name="method"[^>]*checked', text)
    buttons = re.findall(r'<button class="([^"]+)"[^>]*name="answer" value="(\w+)"', text)
    assert buttons == [("btn btn-primary", "granted"), ("btn btn-primary", "declined")]
    for said in asking.texts().values():
        assert said in text


@pytest.mark.parametrize("answer", ["granted", "declined"])
def test_one_answer_is_taken_down(browser, mia, words, answer):
    sent = browser.post(url("answer", mia, words.form_id), posted(words, answer))
    assert sent.status_code == 302
    assert Consent.objects.get().state == answer


def test_an_unclear_answer_is_neither_an_agreement_nor_a_withdrawal(browser, desk, mia, words):
    asking.grant(mia, words, by=desk)
    sent = browser.post(url("answer", mia, words.form_id), posted(words, "perhaps"))
    assert sent.status_code == 422
    assert "Say whether the patient agrees or not." in cast.words(sent)
    assert Consent.objects.get().state == "granted"


def test_a_withdrawal_is_one_step(browser, desk, mia, words):
    row = asking.grant(mia, words, by=desk).consent
    assert "Withdraw now" in cast.words(browser.get(url("consent", mia, row.pk)))
    assert browser.post(url("withdraw", mia, row.pk), {"giver": "self:"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "withdrawn"
    assert "not asked again before" in cast.words(browser.get(url("consents", mia)))


def test_a_page_with_older_words_is_answered_with_the_new_ones(browser, mia, words):
    new = asking.words(words.form, purpose="Something quite different.")
    sent = browser.post(url("answer", mia, words.form_id), posted(words))
    assert sent.status_code == 409
    assert "Something quite different." in cast.words(sent)
    assert f'value="{new.pk}"' in sent.content.decode()
    assert not Consent.objects.exists()


def test_a_refused_act_says_why_and_keeps_what_was_typed(browser, mia, words):
    about = posted(words, giver="representative:", giver_name="Bo Lind")
    sent = browser.post(url("answer", mia, words.form_id), about)
    assert sent.status_code == 422
    assert "by what document" in cast.words(sent)
    assert 'value="Bo Lind"' in sent.content.decode()


@pytest.mark.parametrize("size", [61_000, 5 * 1024 * 1024])
def test_a_signature_of_five_megabytes_is_refused_and_on_the_trail(browser, mia, words, size):
    about = posted(words, method="drawn", strokes="[" + "1" * size + "]")
    sent = browser.post(url("answer", mia, words.form_id), about)
    assert not Consent.objects.exists()
    assert "too large" in cast.words(sent)
    assert "sign again" in cast.words(sent)
    if size > 2**21:
        assert sent.status_code == 400
        assert cast.events("crm.request.refused")[0].fields == ["route:consent:answer"]
    else:
        assert sent.status_code == 422
        assert cast.events("consent.consent.refused")[0].fields == ["rule:signature"]


def test_a_drawn_signature_is_kept_and_shown(browser, mia, words):
    strokes = "[" + ",".join(f"[[{n},{n}],[{n + 5},9],[1,{n}]]" for n in range(4)) + "]"
    browser.post(url("answer", mia, words.form_id), posted(words, method="drawn", strokes=strokes))
    event = ConsentEvent.objects.get()
    assert event.signature["strokes"][1][0] == (1, 1) or list(event.signature["strokes"][1][0]) == [
        1,
        1,
    ]
    page = browser.get(url("consent", mia, event.consent_id)).content.decode()
    assert '<polyline points="0,0 5,9 1,0"/>' in page


def test_the_words_are_shown_in_the_language_of_the_patient_or_the_chosen_one(browser, mia, words):
    asking.words(words.form, language="zh-hans", purpose="用于科研。")
    address = url("answer", mia, words.form_id)
    assert "用于科研。" not in cast.words(browser.get(address))
    assert "用于科研。" in cast.words(browser.get(f"{address}?language=zh-hans"))
    mia.language = "zh-CN"
    mia.advance()
    mia.save()
    assert "用于科研。" in cast.words(browser.get(address))


def test_the_list_costs_the_same_for_one_purpose_and_ten(browser, desk, mia, words):
    asking.grant(mia, words, by=desk)
    with cast.CaptureQueries() as few:
        browser.get(url("consents", mia))
    for _ in range(9):
        asking.grant(mia, asking.words(), by=desk)
    with cast.CaptureQueries() as many:
        browser.get(url("consents", mia))
    assert len(few) == len(many)


def test_a_stranger_finds_nothing_and_a_reader_changes_nothing(mia, desk, words):
    row = asking.grant(mia, words, by=desk).consent
    stranger, auditor = (cast.browser(cast.staff(role)) for role in ("physician", "auditor"))
    for name, more in (("consents", []), ("consent", [row.pk]), ("answer", [words.form_id])):
        assert stranger.get(url(name, mia, *more)).status_code == 404
    assert auditor.get(url("consents", mia)).status_code == 200
    assert auditor.get(url("answer", mia, words.form_id)).status_code == 403
    assert auditor.post(url("withdraw", mia, row.pk), {"giver": "self:"}).status_code == 403
    other = cast.patient(given="Ida")
    assert cast.browser(desk).get(url("consent", other, row.pk)).status_code == 404


def test_who_sees_the_patient_masked_sees_no_names_of_those_who_decided(mia, desk, words):
    mother = asking.relative(mia, is_legal_representative=True)
    row = asking.grant(
        mia, words, by=desk, capacity="representative", relation_id=mother.pk, proof="A paper"
    ).consent
    assert "Anna Muster" in cast.words(cast.browser(desk).get(url("consent", mia, row.pk)))
    consenting.allow(mia)
    page = cast.words(cast.browser(cast.staff("engagement")).get(url("consent", mia, row.pk)))
    assert "Granted" in page
    assert "Anna Muster" not in page
    assert "A paper" not in page


def test_receipts_and_forms_leave_as_downloads(browser, desk, mia, words, settings, tmp_path):
    settings.RECEIPT_KEY = tmp_path / "key.json"
    event = asking.grant(mia, words, by=desk).event
    assert browser.post(url("receipt", mia, event.pk), {"kind": "json"}).status_code == 403
    printed = browser.post(url("paper_print", mia, words.form_id))
    assert printed.content.startswith(b"%PDF")
    assert printed["Cache-Control"] == "no-store"
    assert PaperForm.objects.get().patient == mia


def test_a_scan_is_attached_on_the_page(browser, mia, words, settings, tmp_path):
    settings.FILES_DIR, settings.CLAMD_URL = tmp_path / "files", ""
    browser.post(url("paper_print", mia, words.form_id))
    code = PaperForm.objects.get().code
    about = {
        "code": code[:-1], "answer": "granted", "giver": "self:", "signed_on": str(timezone.localdate()),
    }  # fmt: skip

    def scan():
        return {"file": SimpleUploadedFile("scan.txt", b"I agree")}

    wrong = browser.post(url("paper", mia), about | scan())
    assert wrong.status_code == 422
    assert "No form was printed with this code" in cast.words(wrong)
    assert browser.post(url("paper", mia), about | {"code": code} | scan()).status_code == 302
    assert Consent.objects.get().state == "granted"


def test_renewals_name_who_may_be_asked_and_only_to_who_may_ask(browser, desk, mia):
    asking.grant(mia, asking.words(asking.form(months=1)), by=desk)
    assert "Mia Muster" in cast.words(browser.get(reverse("consent:renewals")))
    officer = cast.browser(cast.staff("compliance_officer"))
    assert officer.get(reverse("consent:renewals")).status_code == 403


# --- officers -------------------------------------------------------------------------------


@pytest.fixture
def officer():
    return cast.browser(cast.staff("compliance_officer"))


def test_an_officer_writes_words_sees_what_they_miss_and_publishes_them(officer):
    about = asking.purpose()
    officer.post(
        reverse("consent:form_add"),
        {"purpose": about.pk, "kind": "authorisation", "months": "", "ask_again_days": 90},
    )
    form = ConsentForm.objects.get()
    address, write = (
        reverse("consent:form", args=[form.pk]), reverse("consent:form_write", args=[form.pk, "en"])
    )  # fmt: skip
    said = {"title": "May we?"} | asking.texts("authorisation", signature="")
    assert officer.post(write, said).status_code == 302
    page = officer.get(address)
    assert "It can not be published while something is missing." in cast.words(page)
    draft = ConsentFormVersion.objects.get()
    publish = reverse("consent:form_publish", args=[form.pk, draft.pk])
    seen = re.compile(r'name="seen" value="(\w+)"')
    officer.post(publish, {"seen": digest(draft)})
    draft.refresh_from_db()
    assert draft.published_at is None
    officer.post(write, said | {"signature": "You sign here."})
    read = seen.search(officer.get(address).content.decode()).group(1)
    officer.post(write, said | {"signature": "You sign there."})
    officer.post(publish, {"seen": read})
    draft.refresh_from_db()
    # Nobody publishes what was written since the page was opened.
    assert draft.published_at is None
    read = seen.search(officer.get(address).content.decode()).group(1)
    officer.post(publish, {"seen": read})
    draft.refresh_from_db()
    assert draft.text_sha256 in officer.get(address).content.decode()


def test_forms_that_come_with_the_product_are_brought_by_a_button(officer):
    asking.purpose("research")
    sent = officer.post(reverse("consent:forms_bring"), follow=True)
    assert "1 form was added as a draft." in cast.words(sent)
    assert "English: draft" in cast.words(sent)


def test_forms_are_read_by_who_asks_and_written_by_officers_alone(browser, words):
    assert browser.get(reverse("consent:forms")).status_code == 200
    assert browser.get(reverse("consent:form", args=[words.form_id])).status_code == 200
    for name, args in (("form_add", []), ("form_write", [words.form_id, "en"])):
        assert browser.get(reverse(f"consent:{name}", args=args)).status_code == 403
    assert browser.post(reverse("consent:form_retire", args=[words.form_id])).status_code == 403
    stale = cast.stale(cast.browser(cast.staff("compliance_officer")))
    sent = stale.post(reverse("consent:form_retire", args=[words.form_id]))
    assert (sent.status_code, "step-up" in sent.url or "next=" in sent.url) == (302, True)


def test_the_list_of_forms_costs_the_same_for_one_and_ten(officer, words):
    with cast.CaptureQueries() as few:
        officer.get(reverse("consent:forms"))
    for _ in range(9):
        asking.words()
    with cast.CaptureQueries() as many:
        officer.get(reverse("consent:forms"))
    assert len(few) == len(many)


def test_the_key_of_receipts_is_published_to_everybody(client, settings, tmp_path):
    settings.RECEIPT_KEY = tmp_path / "none.json"
    assert client.get(reverse("consent:receipt_key"), secure=True).status_code == 404


@pytest.mark.parametrize(("role", "sees"), [("receptionist", False), ("physician", True)])
def test_the_tab_brings_the_notices_and_to_carers_what_the_person_disagrees_with(mia, role, sees):
    user = cast.staff(role)
    if role == "physician":
        cast.care(user, mia)
    page = cast.browser(user).get(url("consents", mia)).content.decode()
    assert url("patient_notices", mia) in page
    assert (url("beside", mia) in page) is sees
