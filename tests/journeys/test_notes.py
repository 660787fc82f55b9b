"""A physician writes, signs and amends, in both languages; a session that ends while typing loses nothing."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from patients.models import Draft, Note, NoteAddendum
from security import trail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# htmx notes the address of the page it is on; there is no word of anybody in an address.
STORES = """async () => ({
    local: localStorage.length,
    session: Object.keys(sessionStorage).filter(one => one !== "htmx-current-path-for-history").length,
    databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
})"""
EMPTY = {"local": 0, "session": 0, "databases": 0, "caches": 0}
ENGLISH = {
    "notes": "Notes", "new": "SOAP note", "kept": "Draft kept at", "again": "Continued from your draft",
    "title": "Cough at night", "plan": "Spirometry in two weeks", "later": "Spirometry tomorrow", "came": "tomorrow",
    "sign": "Sign this note?", "go_on": "Go on writing", "save": "Save unsigned", "open": "Not signed", "do": "Sign",
    "signed": "Signed by", "addendum": "Sign the addendum", "added": "Spirometry was normal",
    "versions": "Versions",
    "summary": "Summary", "recent": "Recent notes",
}  # fmt: skip
CHINESE = {
    "notes": "病程记录", "new": "SOAP 病程记录", "kept": "草稿", "again": "草稿",
    "title": "夜间咳嗽", "plan": "两周后肺功能检查", "later": "明天肺功能检查", "came": "明天",
    "sign": "要签署这份记录吗？", "go_on": "继续书写", "save": "保存（不签署）", "open": "未签署", "do": "签署",
    "signed": "签署", "addendum": "签署补充说明", "added": "肺功能正常",
    "versions": "历史版本",
    "summary": "概览", "recent": "近期病程记录",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_notes(clinic):
    """Begin each journey without notes and drafts of the one before."""
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        Draft.objects.all().delete()


@pytest.mark.parametrize(
    ("locale", "words", "key"),
    [("en-GB", ENGLISH, "ouyang-xuemei"), ("zh-CN", CHINESE, "kowalska")],
    ids=["english", "chinese"],
)
def test_a_physician_writes_signs_and_amends(doors, clinic, locale, words, key):
    doctor = doors.open(locale=locale)
    page, shot = doctor.page, f"note-{locale[:2]}"
    doctor.is_signed_in("physician1")
    doctor.goes(f"/patients/{clinic.patients[key]}/")
    doctor.presses(words["notes"], role="link", exact=True)
    expect(page.locator("#notes-title")).to_be_visible()
    expect(page.locator("#record.htmx-request")).to_have_count(0)
    doctor.look("notes")
    doctor.presses(words["new"], role="link", exact=True)
    page.locator("[name=title]").fill(words["title"])
    page.locator("[name=subjective]").fill("Dry cough at night, no fever. 夜间干咳。")
    # By itself, a moment after the last letter.
    expect(page.locator("[data-draft-said]")).to_contain_text(words["kept"])
    doctor.shoots(f"{shot}-1-writes")
    doctor.look("editor")
    page.reload()
    doctor.sees(words["again"], within="[data-draft-said]")
    page.locator("[name=plan]").fill(words["plan"])
    page.keyboard.press("Control+s")
    expect(page.locator("[data-draft-said]")).to_contain_text(words["kept"])
    assert page.evaluate(STORES) == EMPTY
    page.keyboard.press("Control+Enter")
    doctor.sees(words["sign"])
    doctor.shoots(f"{shot}-2-signs")
    doctor.look("signing")

    doctor.presses(words["go_on"], role="link")
    page.locator("[name=plan]").fill(words["later"])
    doctor.presses(words["save"])
    doctor.sees(words["open"])
    doctor.presses(words["do"], role="link", exact=True)
    expect(page.get_by_role("button", name=words["do"], exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    doctor.sees(words["signed"], within=".c-note__signed")
    assert page.locator("[href$='/edit/']").count() == 0
    page.locator("[name=text]").fill(words["added"])
    doctor.presses(words["addendum"])
    doctor.sees(words["added"], within=".c-note__addenda")
    doctor.shoots(f"{shot}-3-amends")
    doctor.look("signed note")
    doctor.presses(words["versions"], role="link")
    page.locator("[name=from][value='1']").check()
    page.locator("[name=to][value='2']").check()
    page.locator("form[method=get] button.btn-primary").click()
    expect(page.locator("del").first).to_be_visible()
    expect(page.locator("dd ins")).to_contain_text(words["came"])
    doctor.shoots(f"{shot}-4-versions")
    doctor.look("versions")

    doctor.presses(words["notes"], role="link", exact=True)
    doctor.sees(words["title"])
    doctor.shoots(f"{shot}-5-list")
    doctor.look("list of notes")
    doctor.presses(words["summary"], role="link", exact=True)
    doctor.sees(words["recent"])
    assert page.evaluate(STORES) == EMPTY
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        row = Note.objects.filter(patient_id=clinic.patients[key]).latest("created_at")
        assert (row.status, row.version, row.sections["plan"]) == ("signed", 3, words["later"])
        assert NoteAddendum.objects.get(note=row).text == words["added"]
        assert not Draft.objects.exists()


def end_session(visitor):
    """Let the session be over, as after a long pause or a wipe."""
    cookies = {one["name"]: one["value"] for one in visitor.page.context.cookies()}
    SessionStore(cookies[settings.SESSION_COOKIE_NAME]).delete()


def test_a_session_that_ends_while_typing_keeps_the_draft(doors, clinic):
    doctor = doors.open()
    doctor.expected |= {403}
    page, patient = doctor.page, clinic.patients["ouyang-xuemei"]
    said = page.locator("[data-draft-said]")
    doctor.is_signed_in("physician1")
    doctor.goes(f"/patients/{patient}/notes/new/?template=phone")
    page.locator("[name=caller]").fill("The daughter")
    expect(said).to_contain_text("Draft kept at")
    end_session(doctor)
    page.locator("[name=advice]").fill("Typed after the end")
    expect(said).to_contain_text("You are signed out.")
    doctor.shoots("note-session-ended")
    doctor.look("ended")
    # Sent now the words would be lost: the page holds on to them.
    doctor.presses("Save unsigned")
    expect(page.locator("[name=advice]")).to_have_value("Typed after the end")
    assert page.url.endswith("/notes/new/?template=phone")
    assert page.evaluate(STORES) == EMPTY

    # Signing in again in another window of the same browser, and the first goes on by itself.
    other = page.context.new_page()
    other.goto("/sign-in/")
    again = type(doctor)(other, doctor.base, clinic)
    again.signs_in("physician1")
    expect(said).to_contain_text("Draft kept at")
    again.goes(f"/patients/{patient}/notes/new/")
    expect(other.locator("[name=caller]")).to_have_value("The daughter")
    expect(other.locator("[name=advice]")).to_have_value("Typed after the end")
    other.close()
    doctor.presses("Save unsigned")
    page.wait_for_url(re.compile(r"/notes/[0-9a-f-]{36}/$"))
    doctor.sees("Typed after the end")
    assert not again.problems


def test_another_person_who_signs_in_at_the_same_window_gets_nothing_of_the_draft(doors, clinic):
    shared = doors.open()
    shared.expected |= {403, 404}
    page, patient = shared.page, clinic.patients["ouyang-xuemei"]
    shared.is_signed_in("physician1")
    page.clock.install()
    shared.goes(f"/patients/{patient}/notes/new/?template=free")
    page.locator("[name=text]").fill("kept before the end")
    expect(page.locator("[data-draft-said]")).to_contain_text("Draft kept at")
    end_session(shared)
    page.locator("[name=text]").fill("of the first writer")
    expect(page.locator("[data-draft-said]")).to_contain_text("You are signed out.")
    shared.is_signed_in("nurse1")
    # The page tries again after five seconds, with the session of the other person.
    with page.expect_response(lambda one: one.request.method == "POST" and "/drafts/" in one.url):
        page.clock.fast_forward(6000)
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        found = [
            (one.user_id, (one.content or one.restricted_content)["text"])
            for one in Draft.objects.all()
        ]
    assert found == [(clinic.people["physician1"].pk, "kept before the end")]
