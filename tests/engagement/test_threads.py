"""Conversations: both sides write, take turns, hand over, close; nobody else reads, nothing is changed."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Event
from consent.queries import archive
from engagement import tasks
from engagement.models import Thread, ThreadAttachment, ThreadMessage, ThreadParticipant
from engagement.queries import threads as queries
from engagement.services import attachments, canned, threads
from engagement.services.attachments import Incoming
from engagement.services.threads import Words
from patients.models import CareRelationship, Patient, StaffLink
from patients.queries.erasable import ordered
from patients.services import documents, merges
from security import context
from security.access.decision import decide
from security.access.permissions import Permission
from security.access.registry import Basis
from security.models import OutboxMessage
from security.sealing import files
from tests import consenting
from tests.engagement import talking
from tests.engagement.talking import answer, begun
from tests.patients import cast, media_files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
READ, WRITE = Permission.MESSAGES_READ, Permission.MESSAGES_WRITE


@pytest.fixture
def here():
    return talking.clinic()


def told(to):
    return OutboxMessage.objects.filter(subject_id=to.pk).count()


def lines(row):
    return list(row.messages.order_by("written_at", "pk").values_list("kind", "code"))


def test_both_sides_write_in_turns_and_the_first_answer_is_timed(here):
    row = begun(here, here.own)
    assert (row.state, row.assignee, row.answered_at) == ("us", None, None)
    assert row.waiting_since == row.asked_at is not None
    asked_at = row.asked_at
    answer(row, here.own, "And it burns")
    answer(row, here.nurse)
    row.refresh_from_db()
    assert (row.state, row.assignee, row.waiting_since) == ("patient", here.nurse, None)
    assert row.asked_at == asked_at
    first = row.answered_at
    assert first > asked_at
    answer(row, here.mother)
    answer(row, here.doctor)
    row.refresh_from_db()
    assert (row.answered_at, row.assignee) == (first, here.nurse)
    assert [kind for kind, _code in lines(row)] == ["patient", "patient", "team", "patient", "team"]
    assert row.messages.filter(author=here.mother).get().text == "Come by tomorrow"
    assert Event.objects.filter(action="engagement.message.sent").count() == 4


def test_either_side_closes_and_new_words_take_it_up_again(here):
    row = begun(here, here.own)
    threads.done(thread_id=row.pk, by=here.own)
    row.refresh_from_db()
    assert (row.state, row.done_by, row.waiting_since) == ("done", here.own, None)
    with pytest.raises(threads.ClosedBefore):
        threads.done(thread_id=row.pk, by=here.doctor)
    for deed in (
        lambda: threads.assign(thread_id=row.pk, to=here.nurse, by=here.doctor),
        lambda: threads.hand_over(thread_id=row.pk, to=here.nurse, why="x", by=here.doctor),
    ):
        with pytest.raises(threads.ClosedBefore):
            deed()
    answer(row, here.own)
    row.refresh_from_db()
    assert (row.state, row.done_at, row.done_by) == ("us", None, None)
    threads.done(thread_id=row.pk, by=here.nurse)
    threads.reopen(thread_id=row.pk, by=here.nurse)
    threads.reopen(thread_id=row.pk, by=here.nurse)
    row.refresh_from_db()
    assert row.state == "us"
    assert row.waiting_since is not None
    assert [code for _kind, code in lines(row) if code] == ["done", "done", "reopened"]


def test_a_patients_account_reaches_its_own_people_alone_and_no_inner_steps(here):
    row = begun(here, here.doctor)
    answer(row, here.own)
    answer(row, here.mother)
    for deed in (
        lambda: answer(row, here.other),
        lambda: threads.done(thread_id=row.pk, by=here.other),
        lambda: threads.read(thread_id=row.pk, by=here.other),
    ):
        with pytest.raises(Thread.DoesNotExist):
            deed()
    with pytest.raises(threads.NotAllowed):
        talking.begun(here, here.other)
    for deed in (
        lambda: threads.note(thread_id=row.pk, text="x", by=here.own),
        lambda: threads.assign(thread_id=row.pk, to=None, by=here.own),
        lambda: threads.hand_over(thread_id=row.pk, to=here.nurse, why="x", by=here.mother),
    ):
        with pytest.raises(threads.NotAllowed):
            deed()
    here.mother.portal_accounts.update(ends_at=timezone.now())
    context.current().forget_decisions()
    with pytest.raises(Thread.DoesNotExist):
        answer(row, here.mother)


def test_messages_reach_who_cares_takes_part_or_works_in_the_inbox(here):
    def basis(user, permission=READ):
        here.people.get(user) or getattr(here, user)
        context.current().forget_decisions()
        purpose = {"clerk": "PATADMIN", "biller": "HPAYMT"}.get(user, "TREAT")
        made = decide(here.people[user], permission, here.mia.pk, purpose)
        return made.basis if made.allowed else None

    assert [basis(one) for one in ("doctor", "nurse", "clerk", "stranger")] == [Basis.RESPONSIBLE, None, None, None]  # fmt: skip
    row = begun(here, here.own)
    assert [basis(one) for one in ("nurse", "clerk", "stranger")] == [Basis.THREAD, None, None]
    threads.hand_over(thread_id=row.pk, unit_id=here.desk.pk, why="An appointment", by=here.nurse)
    # The nurse takes part from now on, the desk has it in its inbox.
    assert [basis(one) for one in ("nurse", "clerk")] == [Basis.THREAD, Basis.THREAD]
    assert [row.pk for row in queries.visible(here.clerk)] == [row.pk]
    assert decide(here.nurse, Permission.CLINICAL_READ, here.mia.pk, "TREAT").allowed is False
    threads.done(thread_id=row.pk, by=here.nurse)
    assert [basis(one) for one in ("nurse", "clerk", "stranger")] == [Basis.THREAD, None, None]
    # Whoever reaches one conversation of a patient does not see the others.
    bill = begun(here, here.own, "Why 90?", unit=here.biller.memberships.get().unit)
    assert list(queries.visible(here.biller)) == [bill]
    assert set(queries.visible(here.doctor)) == {row, bill}
    StaffLink.objects.create(user=here.biller, patient=here.mia, kind="self")
    assert not queries.visible(here.biller).exists()
    # Who keeps in touch may write to everybody, and reads nobody's conversation.
    with pytest.raises(threads.NotAllowed):
        begun(here, here.keeper, unit=here.desk)


def test_a_conversation_is_given_and_handed_over_with_its_reason(here):
    row = begun(here, here.own)
    assert here.clerk
    threads.assign(thread_id=row.pk, to=here.doctor, by=here.nurse)
    assert told(here.doctor) == 1
    threads.assign(thread_id=row.pk, to=None, by=here.nurse)
    threads.hand_over(thread_id=row.pk, to=here.clerk, unit_id=here.desk.pk, why="Book a visit", by=here.doctor)  # fmt: skip
    row.refresh_from_db()
    assert (row.assignee, row.unit, row.state) == (here.clerk, here.desk, "us")
    step = row.messages.get(code="handed_over")
    assert (step.kind, step.to_user, step.to_unit, step.text) == ("step", here.clerk, here.desk, "Book a visit")  # fmt: skip
    assert told(here.clerk) == 1
    assert queries.find(here.clerk, row.pk).pk == row.pk
    for wrong, refusal in (
        ({"to": here.keeper, "why": "x"}, threads.DoesNotAnswer),
        ({"unit_id": here.mia.pk, "why": "x"}, threads.NoInbox),
        ({"unit_id": here.desk.pk, "why": "x"}, threads.SaysNothing),
        ({"to": here.nurse, "why": "  "}, threads.SaysNothing),
    ):
        with pytest.raises(refusal):
            threads.hand_over(thread_id=row.pk, by=here.doctor, **wrong)
    StaffLink.objects.create(user=here.nurse, patient=here.mia, kind="self")
    with pytest.raises(threads.DoesNotAnswer):
        threads.assign(thread_id=row.pk, to=here.nurse, by=here.doctor)


def test_what_says_nothing_or_too_much_is_refused(here):
    row = begun(here, here.own)
    for words, refusal in (("  \n", threads.SaysNothing), ("x" * 10_001, threads.TooLong)):
        with pytest.raises(refusal):
            answer(row, here.doctor, words)
    with pytest.raises(threads.SaysNothing):
        threads.begin(patient_id=here.mia.pk, unit_id=here.ward.pk, subject=" ", words=Words("x"), by=here.own)  # fmt: skip
    with pytest.raises(threads.NoInbox):
        begun(here, here.own, unit=talking.world.team("Nobody"))
    assert Thread.objects.count() == 1


def test_an_answer_to_what_is_not_the_last_word_waits_until_it_was_read(here):
    row = begun(here, here.own)
    last = row.messages.get().pk
    answer(row, here.own, "Better now")
    for deed in (
        lambda: answer(row, here.doctor, after=last),
        lambda: threads.done(thread_id=row.pk, after=last, by=here.doctor),
    ):
        with pytest.raises(threads.WroteMeanwhile):
            deed()
    answer(row, here.doctor, after=row.messages.latest("written_at").pk)


def test_a_deed_and_its_event_roll_back_together(here, monkeypatch):
    row = begun(here, here.own)

    def broken(*args, **named):
        raise RuntimeError

    monkeypatch.setattr("engagement.services.threads.record_step", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        answer(row, here.doctor)
    row.refresh_from_db()
    assert (row.state, row.messages.count()) == ("us", 1)


def test_the_patient_is_told_once_without_content_until_somebody_looked(here):
    assert here.own
    assert here.mother
    row = begun(here, here.doctor, "Your result is positive")
    assert row.messages.get().told_by == "email"
    answer(row, here.doctor, "Please call")
    assert (told(here.mia), told(here.mother)) == (1, 1)
    sent = OutboxMessage.objects.get(subject_id=here.mia.pk)
    assert (sent.purpose, sent.address, sent.title) == ("portal", "mia@example.org", "您的诊所")
    assert "positive" not in sent.text + sent.title
    threads.read(thread_id=row.pk, by=here.own)
    threads.read(thread_id=row.pk, by=here.mother)
    answer(row, here.doctor, "Thank you")
    assert (told(here.mia), told(here.mother)) == (2, 2)
    # Without an account nobody could read it, without leave nobody is told.
    consenting.limit(here.mia, "restricted", purpose=consenting.purpose("portal"))
    threads.read(thread_id=row.pk, by=here.own)
    assert answer(row, here.doctor).told_by == ""
    here.own.portal_accounts.update(ends_at=timezone.now())
    assert told(here.mia) == 2


def test_reading_is_marked_once_and_gives_no_reach(here):
    row = begun(here, here.own)
    for _again in range(2):
        threads.read(thread_id=row.pk, by=here.nurse)
    mark = ThreadParticipant.objects.get(thread=row, user=here.nurse)
    assert (mark.takes_part, mark.read_at is not None) == (False, True)
    assert Event.objects.filter(action="engagement.thread.read").count() == 1
    answer(row, here.own)
    threads.read(thread_id=row.pk, by=here.nurse)
    assert ThreadParticipant.objects.get(pk=mark.pk).read_at > mark.read_at


def test_messages_that_wait_too_long_are_told_of_to_the_whole_inbox_once(here):
    row = begun(here, here.own)
    assert tasks.escalate_threads() == 0
    waiting = timezone.now() - timedelta(hours=25)
    Thread._base_manager.filter(pk=row.pk).update(waiting_since=waiting)
    assert here.nurse
    assert here.clerk
    assert [tasks.escalate_threads(), tasks.escalate_threads()] == [1, 0]
    assert (told(here.doctor), told(here.nurse), told(here.clerk)) == (1, 1, 0)
    assert "Skin" not in OutboxMessage.objects.get(subject_id=here.nurse.pk).text
    row.refresh_from_db()
    answer(row, here.nurse)
    row.refresh_from_db()
    assert row.escalated_at is None


def test_the_database_refuses_to_change_or_delete_what_was_written(here):
    row = begun(here, here.own)
    line = row.messages.get()
    line.text = "Something else"
    line.advance()
    for deed in (
        line.save,
        lambda: ThreadMessage._base_manager.filter(pk=line.pk).update(kind="team"),
        lambda: ThreadMessage._base_manager.filter(pk=line.pk)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            deed()
    assert ThreadMessage.objects.get(pk=line.pk).text == "It itches again"


def test_conversations_go_with_a_merge_and_come_back(here):
    row = begun(here, here.own)
    survivor = cast.patient("Muster")
    merge = merges.merge(
        survivor_id=survivor.pk, survivor_version=1, absorbed_id=here.mia.pk, absorbed_version=here.mia.version,
        choices={}, is_birth_confirmed=True, reason="same", by=here.clerk,
    )  # fmt: skip
    assert Thread.objects.get(pk=row.pk).patient_id == survivor.pk
    line = ThreadMessage.objects.get(thread=row)
    assert (line.patient_id, line.text) == (survivor.pk, "It itches again")
    cast.care(here.stranger, survivor)
    answer(row, here.stranger, "Under the other key")
    version = Patient.objects.get(pk=survivor.pk).version
    merges.undo(merge_id=merge.pk, survivor_version=version, reason="mistake", by=here.clerk)
    context.current().forget_keys()
    # What was written meanwhile is nothing without the conversation, and goes back with it.
    texts = [
        one.text
        for one in ThreadMessage.objects.filter(thread=row, patient=here.mia).order_by("written_at")
    ]
    assert texts == ["It itches again", "Under the other key"]
    assert not ThreadParticipant.objects.filter(patient=survivor).exists()


def test_what_refers_to_others_is_erased_before_them():
    models = [Thread, ThreadMessage, ThreadAttachment, ThreadParticipant]
    order = ordered(models)
    assert order.index(ThreadAttachment) < order.index(ThreadMessage) < order.index(Thread)
    assert order.index(ThreadParticipant) < order.index(Thread)


# --- files ----------------------------------------------------------------------------------


@pytest.fixture
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    settings.CLAMD_URL, settings.CLAMD_REQUIRED = "", False
    return settings.FILES_DIR


def on_disk(folder):
    return [one for one in folder.rglob("*") if one.is_file()]


def test_files_of_messages_come_in_sealed_and_only_harmless_ones(here, folder, monkeypatch):
    row = begun(here, here.own)
    words = Words("", [Incoming("rash.jpg", media_files.photo_with_place())])
    line = threads.reply(thread_id=row.pk, words=words, by=here.own)
    kept = line.attachments.get()
    assert (kept.filename, kept.media_type, line.text) == ("rash.jpg", "image/jpeg", "")
    content = attachments.give_out(row=kept, by=here.doctor)
    assert b"CANARY" not in content
    assert b"CANARY" not in files.path_of(kept.file_id).read_bytes()
    assert Event.objects.filter(action="engagement.attachment.downloaded").count() == 1
    # A copy of all that is held about Mia brings the file as well.
    manifest = archive.Manifest()
    assert [each for _name, _id, each in archive.originals([here.mia.pk], manifest)] == [content]
    # One bad file of two keeps both out, and so does a deed that does not come to its end.
    for bad in (
        [Incoming("a.txt", b"good"), Incoming("b.exe", b"MZ")],
        [Incoming(f"{number}.txt", b"good") for number in range(6)],
    ):
        with pytest.raises(documents.NotAccepted):
            threads.reply(thread_id=row.pk, words=Words("x", bad), by=here.own)
    assert Event.objects.filter(action="engagement.attachment.refused").count() == 2
    monkeypatch.setattr("engagement.services.threads.append", None)
    with pytest.raises(TypeError), transaction.atomic():
        threads.reply(thread_id=row.pk, words=Words("x", [Incoming("a.txt", b"good")]), by=here.own)
    assert len(on_disk(folder)) == ThreadAttachment.objects.count() == 1


# --- ready answers --------------------------------------------------------------------------


def test_ready_answers_are_kept_by_the_inbox_or_by_who_keeps_in_touch(here):
    words = {"title": "Hours", "title_zh": "时间", "text": "8 to 5", "text_zh": "8点至17点"}
    row = canned.add(unit_id=here.desk.pk, words=words, by=here.clerk)
    canned.add(unit_id=None, words=words, by=here.keeper)
    for unit, by in ((here.desk.pk, here.doctor), (None, here.clerk)):
        with pytest.raises(canned.NotYourInbox):
            canned.add(unit_id=unit, words=words | {"title": "x"}, by=by)
    with pytest.raises(canned.TitleTaken):
        canned.add(unit_id=here.desk.pk, words=words, by=here.clerk)
    canned.change(canned_id=row.pk, words=words | {"text": "8 to 6"}, by=here.clerk)
    canned.retire(canned_id=row.pk, by=here.keeper)
    row.refresh_from_db()
    assert (row.text, row.is_active) == ("8 to 6", False)
    assert Event.objects.filter(action__startswith="engagement.canned_reply.").count() == 4


def test_care_of_an_earlier_day_reaches_no_more(here):
    row = begun(here, here.own)
    CareRelationship.objects.filter(user=here.doctor).update(ends_at=timezone.now())
    here.doctor.memberships.update(ends_at=timezone.now())
    with pytest.raises(Thread.DoesNotExist):
        answer(row, here.doctor)
