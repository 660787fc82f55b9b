"""The pages of conversations: who sees which, the steps by form, lists that cost the same."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from engagement.models import CannedReply, Thread, ThreadAttachment, ThreadMessage
from engagement.queries import inbox, response_times, thread_lines
from engagement.services import threads
from patients.models import Draft
from security import context
from tests.engagement import talking
from tests.engagement.talking import answer, begun
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def here():
    return talking.clinic()


@pytest.fixture
def row(here):
    return begun(here, here.own)


def url(name, row, *more):
    return reverse(f"engagement:{name}", args=[row.patient_id, row.pk, *more])


def post(client, row, name, **data):
    return client.post(url(name, row), data, secure=True)


def get(client, address):
    return client.get(address, secure=True)


def test_the_inbox_sorts_whose_turn_it_is_and_marks_what_is_unread(here, row):
    nurse, clerk = cast.browser(here.nurse), cast.browser(here.clerk)
    box = reverse("engagement:inbox")
    words = cast.words(get(nurse, f"{box}?show=unassigned"))
    # The nurse does not care for Mia, and so learns no name.
    assert "Skin" in words
    assert "Unread" in words
    assert "Muster" not in words
    assert "Skin" not in cast.words(get(clerk, f"{box}?show=us"))
    assert get(nurse, url("thread", row)).status_code == 200
    assert "Unread" not in cast.words(get(nurse, f"{box}?show=us"))
    assert post(nurse, row, "thread_take").status_code == 302
    assert "Skin" in cast.words(get(nurse, box))
    assert post(nurse, row, "thread_reply", text="Come by").status_code == 302
    assert "Skin" in cast.words(get(nurse, f"{box}?show=patient"))
    assert post(nurse, row, "thread_done").headers["Location"] == box
    assert "Skin" in cast.words(get(nurse, f"{box}?show=done&unit={here.ward.pk}"))
    assert "Skin" not in cast.words(get(nurse, box))


def test_a_conversation_is_shown_with_its_steps_and_files_to_whom_it_concerns(here, row, settings, tmp_path):  # fmt: skip
    settings.FILES_DIR, settings.CLAMD_URL, settings.CLAMD_REQUIRED = tmp_path, "", False
    doctor = cast.browser(here.doctor)
    page = get(doctor, url("thread", row))
    assert "It itches again" in cast.words(page)
    assert "Muster" in cast.words(page)
    seen = Event.objects.filter(action="security.record.read").latest("recorded_at")
    assert (seen.basis, {"engagement.message.text"} & set(seen.fields)) == ("responsible", {"engagement.message.text"})  # fmt: skip
    last = page.context["one"]["last"]
    file = SimpleUploadedFile("plan.txt", b"Twice a day")
    sent = post(doctor, row, "thread_reply", text="See the file", after=last, attached=[file])
    assert sent.status_code == 302
    kept = ThreadAttachment.objects.get()
    download = get(doctor, reverse("engagement:attachment", args=[row.patient_id, kept.pk]))
    assert download.content == b"Twice a day"
    assert download["Content-Disposition"].startswith("attachment")
    picture = reverse("engagement:attachment_picture", args=[row.patient_id, kept.pk])
    assert get(doctor, picture).status_code == 404
    assert post(doctor, row, "thread_note", **{"note-text": "Ask the ward"}).status_code == 302
    handed = {"hand_over-unit": here.desk.pk, "hand_over-to": here.clerk.pk, "hand_over-why": "Book it"}  # fmt: skip
    assert post(doctor, row, "thread_hand_over", **handed).status_code == 302
    clerk = cast.browser(here.clerk)
    words = cast.words(get(clerk, url("thread", row)))
    assert all(each in words for each in ("plan.txt", "Ask the ward", "Handed over to Clerk, Desk", "Book it", "No notice was sent" if not kept.message.told_by else "was told"))  # fmt: skip
    stranger = cast.browser(here.stranger)
    for address in (url("thread", row), reverse("engagement:messages_of", args=[row.patient_id])):
        assert get(stranger, address).status_code == 404
    # Another patient's address does not open it.
    cast.care(here.doctor, other := cast.patient("Other"))
    assert get(doctor, reverse("engagement:thread", args=[other.pk, row.pk])).status_code == 404
    # The desk knows of Mia, and of no other conversation with her.
    hidden = begun(here, here.own, "Only the ward")
    assert get(clerk, url("thread", hidden)).status_code == 404
    assert post(clerk, hidden, "thread_reply", text="x").status_code == 404


def test_refused_answers_keep_what_was_typed_and_drafts_end_when_sent(here, row):
    client = cast.browser(here.doctor)
    first = row.messages.get().pk
    kept = post(client, row, "thread_draft", text="Half an ans")
    assert kept.json()["said"].startswith("Draft kept")
    assert "Half an ans" in get(client, url("thread", row)).content.decode()
    answer(row, here.own, "Better now")
    refused = post(client, row, "thread_reply", text="Half an answer", after=first)
    assert refused.status_code == 422
    assert "Somebody wrote here meanwhile" in refused.content.decode()
    assert "Half an answer" in refused.content.decode()
    assert str(row.messages.latest("written_at").pk) in refused.content.decode()
    assert post(client, row, "thread_done", after=first).status_code == 302
    assert Thread.objects.get(pk=row.pk).state == "us"
    assert post(client, row, "thread_reply", text=" ").status_code == 422
    assert post(client, row, "thread_reply", text="x", draft_writer=here.clerk.pk).status_code == 403  # fmt: skip
    assert post(client, row, "thread_note", **{"note-text": ""}).status_code == 422
    assert post(client, row, "thread_hand_over", **{"hand_over-why": "x"}).status_code == 422
    last = row.messages.latest("written_at").pk
    assert post(client, row, "thread_reply", text="Answer", after=last).status_code == 302
    assert not Draft.objects.exists()


def test_a_ready_answer_is_put_in_in_the_patients_language(here, row):
    client, keeper = cast.browser(here.doctor), cast.browser(here.keeper)
    listed = reverse("engagement:canned")
    words = {"unit": "", "title": "Hours", "title_zh": "门诊时间", "text": "8 to 5", "text_zh": "8点至17点"}  # fmt: skip
    assert keeper.post(listed, words, secure=True).status_code == 302
    canned = CannedReply.objects.get()
    page = post(client, row, "thread_reply", text="您好", ready=canned.pk, insert="1")
    assert "您好\n\n8点至17点" in page.content.decode()
    assert not ThreadMessage.objects.filter(kind="team").exists()
    change = reverse("engagement:canned_change", args=[canned.pk])
    assert client.post(change, words, secure=True).status_code == 404
    assert keeper.post(change, words | {"text": "8 to 6"}, secure=True).status_code == 302
    assert "8 to 6" in cast.words(get(keeper, listed))
    retire = reverse("engagement:canned_retire", args=[canned.pk])
    assert keeper.post(retire, secure=True).status_code == 302
    assert get(keeper, change).status_code == 404
    # Who keeps in touch for all reads nobody's messages.
    assert get(keeper, reverse("engagement:inbox")).status_code == 403


def test_a_conversation_begins_on_the_page_of_the_patient(here):
    client = cast.browser(here.doctor)
    new = reverse("engagement:thread_new", args=[here.mia.pk])
    assert get(client, new).status_code == 200
    said = {"subject": "Result", "unit": here.ward.pk, "text": "All is well"}
    assert client.post(new, said | {"text": ""}, secure=True).status_code == 422
    assert client.post(new, said, secure=True).status_code == 302
    tab = get(client, reverse("engagement:messages_of", args=[here.mia.pk]))
    assert "Result" in cast.words(tab)
    assert Thread.objects.get().state == "patient"


def test_lists_cost_the_same_for_one_and_for_ten(here, row):
    def cost(read):
        with cast.acting(here.doctor):
            context.current().may_open = True
            with cast.CaptureQueries() as made:
                read()
        return len(made)

    reads = (
        lambda: inbox.page(here.doctor, show="us"),
        lambda: inbox.of_patient(here.doctor, here.mia.pk),
        lambda: thread_lines.read(here.mia.pk, timezone.now(), 50),
        lambda: response_times.table(days=30, hours=24),
    )
    answer(row, here.doctor)
    begun(here, here.own)
    one = [cost(read) for read in reads]
    for _more in range(9):
        begun(here, here.own)
    assert [cost(read) for read in reads] == one
    with cast.acting(here.doctor):
        context.current().may_open = True
        assert len(inbox.page(here.doctor, show="us")["rows"]) == 10
        lines = thread_lines.read(here.mia.pk, timezone.now(), 50)
        told = [(one.title, one.who, one.text) for one in lines]
        assert told.count(("From the clinic", "Doctor", "Skin")) == 1
        assert told.count(("From the patient", "Mia", "Skin")) == 11


def test_figures_tell_the_median_and_what_waits_too_long(here, row):
    now = timezone.now()
    for hours in (1, 2, 9):
        each = begun(here, here.own)
        answer(each, here.doctor)
        asked = now - timezone.timedelta(hours=hours + 1)
        Thread._base_manager.filter(pk=each.pk).update(
            asked_at=asked, answered_at=asked + timezone.timedelta(hours=hours)
        )
    long_ago = now - timezone.timedelta(hours=30)
    Thread._base_manager.filter(pk=row.pk).update(waiting_since=long_ago, asked_at=long_ago)
    table = response_times.table(days=7, hours=24)
    (ward,) = table["rows"]
    assert (ward["name"], ward["asked"], ward["answered"], ward["median"]) == ("Ward", 4, 3, "2 h 0 min")  # fmt: skip
    assert (ward["open"], ward["waiting"], ward["late"], ward["share"]) == (4, 1, 1, 75)
    assert response_times.table(days=7, hours=48)["total"]["late"] == 0
    page = get(cast.browser(here.keeper), reverse("engagement:message_figures") + "?days=7&hours=x")
    assert "2 h 0 min" in cast.words(page)


def test_a_chart_that_is_confidential_asks_the_inbox_for_a_fresh_factor(here, row):
    here.mia.confidentiality = "vip"
    here.mia.refresh_from_db()
    type(here.mia)._base_manager.filter(pk=here.mia.pk).update(confidentiality="vip")
    nurse = cast.stale(cast.browser(here.nurse))
    words = cast.words(get(nurse, reverse("engagement:inbox") + "?show=us"))
    assert "Confidential chart" in words
    assert "Skin" not in words
    assert get(nurse, url("thread", row)).status_code == 302
    assert get(cast.browser(here.nurse), url("thread", row)).status_code == 200
    assert threads.done(thread_id=row.pk, by=here.doctor).state == "done"
