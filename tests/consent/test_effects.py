"""What a withdrawal starts, what ends by itself, and two browsers at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from audit.models import Event
from consent import effects, tasks
from consent.effects import Effect, Happened
from consent.models import Consent, ConsentEffect, ConsentEvent, State
from consent.queries import consents as queries
from consent.services import effects as deeds
from consent.services import endings
from patients.models import Patient
from tests.consent import asking
from tests.patients import cast
from tests.security.people import acting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def mia():
    return cast.patient()


@pytest.fixture
def seen():
    """Register a job that remembers what it was told, and one of another purpose."""
    found = []
    ends = frozenset({State.WITHDRAWN, State.EXPIRED})
    effects.register(Effect("tests.note", "Noted", found.append, ends))
    effects.register(Effect("tests.other", "Other", found.append, ends, frozenset({"elsewhere"})))
    yield found
    effects.unregister("tests.note")
    effects.unregister("tests.other")


def test_a_withdrawal_starts_its_jobs_once_after_it_is_written(mia, desk, seen):
    row = asking.grant(mia, asking.words(), by=desk).consent
    event = asking.withdraw(row, by=desk).event
    assert (seen, ConsentEffect.objects.count()) == ([], 1)
    assert tasks.run_effects() == 1
    assert seen == [Happened(event.pk, mia.pk, row.purpose.key, "", "withdrawn")]
    assert tasks.run_effects() == 0
    done = cast.events("consent.effect.finished")[0]
    assert (done.subjects, done.fields) == ([mia.pk], ["tests.note"])


def test_to_refuse_what_stands_is_to_withdraw_it(mia, desk, seen):
    words = asking.words()
    asking.grant(mia, words, by=desk)
    assert asking.decline(mia, words, by=desk).consent.state == State.WITHDRAWN
    assert ConsentEffect.objects.count() == 1
    assert asking.decline(mia, words, by=desk).consent.state == State.DECLINED


def test_a_job_that_fails_is_undone_and_tried_again_later(mia, desk):
    def fail(happened):
        Patient.objects.filter(pk=happened.patient_id).update(last_activity_at=timezone.now())
        raise RuntimeError("no")

    effects.register(Effect("tests.fail", "Fails", fail, frozenset({State.WITHDRAWN})))
    before = mia.last_activity_at
    try:
        row = asking.grant(mia, asking.words(), by=desk).consent
        asking.withdraw(row, by=desk)
        assert deeds.run_next()
        assert not deeds.run_next()
        with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
            assert deeds.run_next()
    finally:
        effects.unregister("tests.fail")
    mia.refresh_from_db()
    assert mia.last_activity_at == before
    job = ConsentEffect.objects.get()
    assert (job.tries, job.done_at) == (2, None)
    assert cast.events("consent.effect.failed")[0].fields == ["RuntimeError", "tests.fail"]
    # A job that nobody registers any more waits and stops no other.
    with time_machine.travel(timezone.now() + timedelta(9), tick=False):
        assert not deeds.run_next()


def test_two_jobs_never_share_a_key(seen):
    with pytest.raises(ValueError, match=r"tests\.note"):
        effects.register(Effect("tests.note", "Noted", seen.append, frozenset()))


def test_the_night_writes_what_ended_and_starts_what_follows(mia, desk, seen):
    words = asking.words(asking.form(months=1))
    row = asking.grant(mia, words, by=desk).consent
    with time_machine.travel(row.until + timedelta(hours=1), tick=False):
        tasks.end_consents()
        tasks.end_consents()
    ended = row.events.get(kind="expired")
    assert (ended.given_at, ended.capacity) == (row.until, "system")
    assert ConsentEffect.objects.get().event == ended
    row.refresh_from_db()
    assert (row.state, row.ask_from) == (State.EXPIRED, None)


def test_a_change_of_purpose_supersedes_what_was_agreed_to_before(mia, desk):
    form = asking.form()
    row = asking.grant(mia, asking.words(form), by=desk).consent
    asking.words(form, purpose="The same, in other words.")
    assert endings.end_all() == (0, 0)
    new = asking.words(form, data="More kinds of data.", is_material=True)
    assert endings.end_all() == (0, 1)
    row.refresh_from_db()
    assert row.state == State.SUPERSEDED
    assert asking.grant(mia, new, by=desk).is_effective
    assert endings.end_all() == (0, 0)


def test_renewals_list_what_ends_within_thirty_days(mia, desk):
    soon, later = asking.words(asking.form(months=1)), asking.words(asking.form(months=3))
    row = asking.grant(mia, soon, by=desk).consent
    asking.grant(mia, later, by=desk)
    now = row.until - timedelta(5)
    assert queries.renewals(visible=Patient.objects.values("pk"), now=now) == [row]
    assert queries.renewals(visible=Patient.objects.none().values("pk"), now=now) == []
    assert queries.renewals(visible=Patient.objects.values("pk"), now=row.until) == []


@pytest.mark.django_db(transaction=True)
def test_two_browsers_that_agree_and_withdraw_at_once_leave_two_events_and_the_later_stands(
    mia, desk
):
    words = asking.words()
    row = asking.grant(mia, words, by=desk).consent
    other = asking.words(words.form, purpose="Something more.")
    start = Barrier(2)

    def run(deed):
        try:
            with acting():
                start.wait(timeout=10)
                return deed()
        finally:
            connection.close()

    said = [
        lambda: asking.withdraw(row, by=desk),
        lambda: asking.grant(mia, other, by=desk, own_initiative=True),
    ]
    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(run, said))
    assert all(one.is_effective for one in taken)
    row = Consent.objects.get()
    last = ConsentEvent.objects.filter(consent=row).latest("given_at")
    assert (row.state, row.since, row.version) == (last.kind, last.given_at, 3)
    written = Event.objects.filter(
        action__in=["consent.consent.withdrawn", "consent.consent.granted"]
    )
    assert written.count() == 3
