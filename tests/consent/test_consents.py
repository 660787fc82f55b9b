"""Agreeing, refusing, withdrawing: one purpose an act, kept whole, the later act stands."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from consent.models import Consent, ConsentEvent, ProcessingPurpose, State
from consent.services import consents
from consent.services.acts import NotTaken, StaleWords
from security import trail
from tests import world
from tests.consent import asking
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def mia():
    return cast.patient(birth_on=timezone.localdate() - timedelta(365 * 40))


@pytest.fixture
def words():
    return asking.words()


def refused(rule, deed, *args, **more):
    """Check that a deed is refused by a rule, which stands on the trail."""
    with pytest.raises(NotTaken) as refusal:
        deed(*args, **more)
    assert refusal.value.rule == rule
    assert str(refusal.value.reason)
    event = Event.objects.filter(action="consent.consent.refused").latest("recorded_at")
    assert (event.outcome, event.fields) == ("refused", [f"rule:{rule}"])
    return event


def test_an_agreement_keeps_all_that_the_law_wants_sealed(mia, desk, words):
    with cast.acting(desk) as here:
        here.address, here.user_agent = "192.0.2.7", "Browser"
        taken = asking.grant(mia, words, by=desk, method="typed", signature={"typed": "Mia Muster"})
    row, event = taken.consent, ConsentEvent.objects.get()
    assert (row.state, row.since, row.until, row.ask_from) == (
        "granted",
        event.given_at,
        None,
        None,
    )
    assert (event.text_sha256, event.language) == (words.text_sha256, "en")
    assert event.signature["typed"] == "Mia Muster"
    assert event.device == "192.0.2.7 Browser"
    assert event.elements["said"]["withdrawal"] == "Text on withdrawal."
    assert event.elements["purpose"]["key"] == words.form.purpose.key
    assert b"Muster" not in bytes(event.sealed)
    told = cast.events("consent.consent.granted")[0]
    assert (told.subjects, told.object_id, told.actor_id) == ([mia.pk], event.pk, desk.pk)


def test_row_event_and_trail_roll_back_together(mia, desk, words):
    def broken(entry):
        raise RuntimeError("no room")

    trail.install(broken)
    try:
        with pytest.raises(RuntimeError, match="no room"):
            asking.grant(mia, words, by=desk)
    finally:
        trail.uninstall(broken)
    assert not Consent.objects.exists()
    assert not ConsentEvent.objects.exists()


def test_what_was_said_is_never_changed_or_deleted(mia, desk, words):
    asking.grant(mia, words, by=desk)
    for statement in (
        "UPDATE consent_consentevent SET kind = 'declined'",
        "DELETE FROM consent_consentevent",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_withdrawal_ends_an_agreement_at_once_and_keeps_it_as_history(mia, desk, words):
    row = asking.grant(mia, words, by=desk).consent
    assert Consent.objects.in_force().exists()
    taken = asking.withdraw(row, by=desk, reason="changed my mind")
    assert not Consent.objects.in_force().exists()
    assert taken.consent.state == State.WITHDRAWN
    assert [one.kind for one in row.events.order_by("given_at")] == ["granted", "withdrawn"]
    assert taken.consent.ask_from == taken.event.given_at + timedelta(180)
    assert len(cast.events("consent.consent.withdrawn")) == 1


def test_a_refusal_is_respected_until_the_time_of_the_form_or_the_own_wish(mia, desk):
    words = asking.words(asking.form(days=30))
    row = asking.decline(mia, words, by=desk).consent
    refused("asked_too_soon", asking.grant, mia, words, by=desk)
    taken = asking.grant(mia, words, by=desk, own_initiative=True)
    assert taken.consent.state == State.GRANTED
    asking.withdraw(row, by=desk)
    with time_machine.travel(timezone.now() + timedelta(31), tick=False):
        assert asking.grant(mia, words, by=desk).is_effective


def test_the_same_said_twice_is_one_event_and_both_stand_on_the_trail(mia, desk, words):
    first = asking.grant(mia, words, by=desk)
    again = asking.grant(mia, words, by=desk)
    assert (again.is_repeated, again.event) == (True, first.event)
    asking.withdraw(first.consent, by=desk)
    assert asking.withdraw(first.consent, by=desk).is_repeated
    assert ConsentEvent.objects.count() == 2
    assert len(cast.events("consent.consent.repeated")) == 2


def test_an_agreement_ends_by_the_form_at_the_end_of_short_months(mia, desk):
    words = asking.words(asking.form(months=1))
    with time_machine.travel("2027-01-31T12:00:00Z", tick=False):
        row = asking.grant(mia, words, by=desk).consent
        assert timezone.localdate(row.until).isoformat() == "2027-02-28"
    with time_machine.travel("2027-02-10T12:00:00Z", tick=False):
        renewed = asking.grant(mia, words, by=desk)
        assert not renewed.is_repeated
        assert timezone.localdate(renewed.consent.until).isoformat() == "2027-03-10"


def test_words_that_changed_since_the_page_was_opened_are_refused_and_the_new_ones_named(mia, desk):
    form = asking.form()
    old = asking.words(form)
    new = asking.words(form, purpose="Something more.")
    with pytest.raises(StaleWords) as stale:
        asking.grant(mia, old, by=desk)
    assert stale.value.words == new
    assert not Consent.objects.exists()
    assert cast.events("consent.consent.refused")[-1].fields == ["rule:words"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("future", {"method": "paper", "given_at": timedelta(minutes=1)}),
        ("backdated", {"method": "tick", "given_at": timedelta(minutes=-1), "reason": "late"}),
        ("backdated", {"method": "verbal", "given_at": timedelta(days=-2)}),
        ("before_words", {"method": "verbal", "given_at": timedelta(days=-2), "reason": "late"}),
        ("method", {"method": "thought"}),
        ("method", {"method": "system"}),
        ("signature", {"method": "drawn"}),
        ("signature", {"method": "drawn", "signature": {"strokes": [[[1, 1]]]}}),
        ("signature", {"method": "drawn", "signature": {"strokes": [[[1, 2000]] * 9]}}),
        ("signature", {"method": "drawn", "signature": {"strokes": [["ab"] * 9]}}),
        ("signature", {"method": "drawn", "signature": {"strokes": [[[1, 1]] * 5001]}}),
        ("signature", {"method": "drawn", "signature": {"strokes": [[[1, 1]]] * 201}}),
        ("signature", {"method": "typed", "signature": {"typed": " "}}),
        ("witness", {"method": "verbal"}),
        ("paper", {"method": "paper"}),
        ("expiry", {"expires_on": timedelta(days=-1)}),
        ("expiry", {"expires_on": timedelta(days=365 * 40)}),
        ("giver", {"capacity": "guardian"}),
        ("giver", {"capacity": "system"}),
        ("proof", {"capacity": "representative"}),
        ("giver", {"capacity": "representative", "proof": "power of attorney"}),
        ("giver", {"capacity": "relative", "proof": "family book"}),
        ("channel", {"channel": "sms"}),
    ],
)
def test_what_is_no_act_of_will_is_refused_by_name(mia, desk, words, rule, said):
    if rule == "giver" and said["capacity"] == "guardian":
        rule = "of_age"
    for name in ("given_at", "expires_on"):
        if name in said:
            start = timezone.now() if name == "given_at" else timezone.localdate()
            said = said | {name: start + said[name]}
    refused(rule, asking.grant, mia, words, by=desk, **said)
    assert not Consent.objects.exists()


def test_nothing_is_said_before_the_patient_was_born(desk, words):
    born = cast.patient(birth_on=timezone.localdate() + timedelta(1))
    other = cast.staff("receptionist")
    said = {"method": "verbal", "witness": other, "given_at": timezone.now(), "reason": "late"}
    refused("before_birth", asking.decline, born, words, by=desk, **said)


def test_a_witness_is_a_colleague_other_than_who_takes_it_down(mia, desk, words):
    nurse = cast.staff("nurse", name="Nina Berg")
    refused("witness", asking.grant, mia, words, by=desk, method="verbal", witness=desk)
    event = asking.grant(mia, words, by=desk, method="verbal", witness=nurse).event
    assert event.witness == f"Nina Berg ({nurse.handle})"


def test_an_authorisation_is_signed_and_may_be_refused_without(mia, desk):
    words = asking.words(asking.form(kind="authorisation"))
    refused("signature", asking.grant, mia, words, by=desk)
    asking.decline(mia, words, by=desk)
    said = {"method": "drawn", "signature": asking.signature(), "own_initiative": True}
    assert asking.grant(mia, words, by=desk, **said).event.signature["strokes"]


def test_one_act_is_for_one_channel_and_one_purpose(mia, desk):
    about = asking.purpose(is_per_channel=True, channels=["email", "sms"])
    words = asking.words(asking.form(about))
    refused("channel", asking.grant, mia, words, by=desk)
    asking.grant(mia, words, by=desk, channel="sms")
    assert list(Consent.objects.values_list("channel", "state")) == [("sms", "granted")]


def test_nobody_is_asked_for_a_purpose_that_is_not_in_use(mia, desk, words):
    ProcessingPurpose.objects.update(state=ProcessingPurpose.State.RETIRED)
    refused("retired", asking.grant, mia, words, by=desk)


def test_what_was_said_earlier_and_entered_later_is_history_only(mia, desk, words):
    nurse = cast.staff("nurse")
    said = {"method": "verbal", "witness": nurse, "reason": "on the ward round"}
    at = timezone.now()
    with time_machine.travel(at + timedelta(hours=2), tick=False):
        row = asking.decline(mia, words, by=desk).consent
    with time_machine.travel(at + timedelta(hours=3), tick=False):
        taken = asking.grant(mia, words, by=desk, given_at=at + timedelta(hours=1), **said)
    row.refresh_from_db()
    assert (taken.is_effective, row.state) == (False, State.DECLINED)
    assert [one.kind for one in row.events.order_by("given_at")] == ["granted", "declined"]


def test_an_agreement_of_the_same_moment_as_a_refusal_does_not_stand_against_it(mia, desk, words):
    nurse, at = cast.staff("nurse"), timezone.now()
    said = {"method": "verbal", "witness": nurse, "given_at": at, "own_initiative": True}
    with time_machine.travel(at + timedelta(minutes=1), tick=False):
        asking.decline(mia, words, by=desk, **said)
        refused("contradiction", asking.grant, mia, words, by=desk, **said)


def test_an_agreement_of_an_unknown_hour_does_not_undo_a_refusal_of_the_same_day(mia, desk, words):
    said = {"method": "verbal", "witness": cast.staff("nurse"), "reason": "on the ward round"}
    said["own_initiative"] = True
    at = timezone.now().replace(hour=1) + timedelta(1)
    with time_machine.travel(at, tick=False):
        asking.withdraw(asking.grant(mia, words, by=desk).consent, by=desk)
    with time_machine.travel(at + timedelta(1), tick=False):
        late = at + timedelta(hours=2)
        refused("contradiction", asking.grant, mia, words, by=desk, given_at=late, **said)


def test_a_refusal_of_an_unknown_hour_ends_an_agreement_of_the_same_day(mia, desk, words):
    said = {"method": "verbal", "witness": cast.staff("nurse"), "reason": "By phone in the evening"}
    noon = timezone.localtime(timezone.now()).replace(hour=12, minute=0) + timedelta(2)
    with time_machine.travel(noon + timedelta(hours=3), tick=False):
        row = asking.grant(mia, words, by=desk).consent
    with time_machine.travel(noon + timedelta(1), tick=False):
        taken = asking.decline(mia, words, by=desk, given_at=noon, **said)
        assert (taken.is_effective, taken.consent.state) == (True, State.WITHDRAWN)
        # Of the day before it is history, and no withdrawal.
        before = asking.decline(mia, words, by=desk, given_at=noon - timedelta(1), **said)
    assert (before.is_effective, before.event.kind) == (False, State.DECLINED)
    row.refresh_from_db()
    assert row.state == State.WITHDRAWN


def test_a_shorter_end_may_be_said_and_holds_through_its_last_day(mia, desk, words):
    last = timezone.localdate() + timedelta(10)
    row = asking.grant(mia, words, by=desk, expires_on=last).consent
    assert timezone.localdate(row.until - timedelta(seconds=1)) == last


def test_the_deeds_have_an_action_each():
    assert set(consents.ACTIONS) == set(State) - {State.INVALID}


def test_an_authorisation_is_taken_back_in_writing_and_by_word_and_the_page_tells_which(mia, desk):
    version = asking.words(asking.form(kind="authorisation"))
    signed = {"method": "typed", "signature": {"typed": "Mia Muster"}}
    row = asking.grant(mia, version, by=desk, **signed).consent
    browser = world.signed_in(desk, world.factor_of(desk))
    page, end = (
        reverse(f"consent:{name}", args=[mia.pk, row.pk]) for name in ("consent", "withdraw")
    )
    refused("paper", asking.withdraw, row, by=desk, method="paper", signature={"letter": " "})
    assert browser.post(end, {"giver": "self:"}).status_code == 302
    assert "Said and not in writing" in browser.get(page).content.decode()
    asking.grant(mia, version, by=desk, own_initiative=True, **signed)
    letter = {
        "giver": "self:",
        "method": "paper",
        "letter": "Of 3 May, in the folder of revocations",
    }
    assert browser.post(end, letter).status_code == 302
    said = ConsentEvent.objects.latest("given_at")
    assert (said.kind, said.method) == ("withdrawn", "paper")
    assert "in the folder of revocations" in browser.get(page).content.decode()
