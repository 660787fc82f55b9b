"""Whether data may be used for a purpose now; whatever is unknown, empty, over or unreadable is a no."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from consent.models import ScopeOutcome
from consent.queries.standing import ANY, Answer, may, may_many
from security.ids import new_id
from security.models import ClinicProfile
from tests import consenting, world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
DAY = timedelta(days=1)


@pytest.fixture
def mia():
    return cast.patient()


def clinic_under(*laws):
    ClinicProfile.objects.create(
        unit=world.team("Clinic"), name="Clinic", laws=list(laws), languages=["en"], time_zone="UTC"
    )


# An empty answer is a no


def test_whoever_was_never_asked_did_not_allow_it(mia):
    consenting.purpose()
    answer = may(mia, "marketing", "email")
    assert (answer.allowed, answer.event_id) == (False, None)
    assert "did not allow" in str(answer.reason)


@pytest.mark.parametrize("key", ["nothing", "", "Marketing", "marketing ", "%", "draft", "retired"])
def test_a_purpose_that_is_unknown_or_not_in_use_allows_nothing(mia, key):
    consenting.allow(mia)
    for state in ("draft", "retired"):
        consenting.allow(mia, of=consenting.purpose(state, state=state), channel="")
    assert not may(mia, key, "email").allowed


def test_a_record_that_is_not_there_or_was_merged_allows_nothing(mia):
    consenting.allow(mia)
    gone = cast.patient(merged_into=mia)
    consenting.allow(gone)
    for one in (None, new_id(), gone):
        assert not may(one, "marketing", "email").allowed
    assert may_many([], "marketing") == {}


# What is in force


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({}, True),
        ({"until": DAY}, True),
        ({"since": -2 * DAY, "until": -DAY}, False),
        ({"since": DAY}, False),
        ({"since": DAY, "until": 2 * DAY}, False),
        ({"state": "declined"}, False),
        ({"state": "withdrawn"}, False),
        ({"state": "expired"}, False),
        ({"state": "superseded"}, False),
        ({"state": "invalid"}, False),
    ],
)
def test_only_what_was_granted_has_begun_and_is_not_over_counts(mia, fields, allowed):
    now = timezone.now()
    dated = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in fields.items()
    }
    event = consenting.allow(mia, **dated)
    answer = may(mia, "marketing", "email")
    assert (answer.allowed, answer.event_id) == (allowed, event.pk)
    assert str(answer.reason)


def test_it_holds_from_its_first_instant_and_not_at_its_last(mia):
    begins, ends = timezone.now() - DAY, timezone.now() + DAY
    consenting.allow(mia, since=begins, until=ends)
    instant = timedelta(microseconds=1)
    told = {
        at: may(mia, "marketing", "email", at=at).allowed
        for at in (begins - instant, begins, ends - instant, ends)
    }
    assert list(told.values()) == [False, True, True, False]


def test_the_newest_event_is_named_when_somebody_changed_the_mind(mia):
    consenting.allow(mia, state="withdrawn")
    consenting.allow(mia)
    second = consenting.allow(mia)
    assert may(mia, "marketing", "email").event_id == second.pk


def test_what_was_entered_later_but_said_earlier_is_not_what_decides(mia):
    now = timezone.now()
    consenting.allow(mia, given_at=now)
    first = may(mia, "marketing", "email").event_id
    consenting.allow(mia, given_at=now - DAY)
    assert may(mia, "marketing", "email").event_id == first


# Channels


def test_each_way_is_allowed_apart_and_no_way_is_none(mia):
    consenting.allow(mia, channel="email")
    consenting.allow(mia, channel="sms", state="declined")
    told = {way: may(mia, "marketing", way).allowed for way in ("email", "sms", "post", "", None)}
    assert told == {"email": True, "sms": False, "post": False, "": False, None: False}
    assert may(mia, "marketing", ANY).allowed


def test_what_was_refused_of_one_way_outweighs_what_was_allowed_of_all(mia):
    surveys = consenting.purpose("surveys")
    consenting.allow(mia, of=surveys, channel="")
    assert may(mia, "surveys", "sms").allowed
    consenting.allow(mia, of=surveys, channel="sms", state="withdrawn")
    assert not may(mia, "surveys", "sms").allowed
    assert may(mia, "surveys").allowed


def test_sharing_with_one_is_not_sharing_with_another(mia):
    sharing = consenting.purpose("sharing")
    consenting.allow(mia, of=sharing, channel="insurer-a")
    assert may(mia, "sharing", "insurer-a").allowed
    assert not may(mia, "sharing", "insurer-b").allowed
    assert not may(mia, "sharing").allowed
    consenting.allow(mia, of=sharing, channel="")
    assert not may(mia, "sharing", "insurer-b").allowed


# Laws


@pytest.mark.parametrize(
    ("laws", "asked"),
    [(["hipaa"], False), (["gdpr"], False), (["hipaa", "pipl"], True), ([], True)],
)
def test_it_rests_on_a_consent_where_one_law_of_the_clinic_says_so(mia, laws, asked):
    grounds = {"hipaa": "operations", "gdpr": "interest", "pipl": "separate"}
    consenting.purpose("surveys", grounds=grounds)
    if laws:
        clinic_under(*laws)
    assert may(mia, "surveys").allowed is not asked


def test_what_the_clinic_itself_wants_asked_is_asked(mia):
    clinic_under("hipaa")
    consenting.purpose("portal", grounds=consenting.CARE, needs_separate_consent=True)
    assert not may(mia, "portal").allowed


@pytest.mark.parametrize("key", ["care", "emergency", "legal_duty"])
def test_care_and_duty_never_wait_for_a_consent_nor_end_by_an_objection(mia, key):
    consenting.purpose(key, grounds=consenting.ASKED, needs_separate_consent=True)
    consenting.allow(mia, state="withdrawn")
    consenting.limit(mia, "objection")
    answer = may(mia, key)
    assert (answer.allowed, answer.source) == (True, None)


# Objections, restrictions, storage


def test_an_objection_ends_what_was_allowed_and_is_named(mia):
    marketing = consenting.purpose()
    consenting.allow(mia)
    row = consenting.limit(mia, "objection", purpose=marketing)
    answer = may(mia, "marketing", "email")
    assert (answer.allowed, answer.source) == (False, row.pk)
    surveys = consenting.purpose("surveys")
    consenting.allow(mia, of=surveys, channel="")
    assert may(mia, "surveys").allowed


@pytest.mark.parametrize("kind", ["restricted", "storage"])
def test_restricted_data_serve_an_emergency_and_duties_alone(mia, kind):
    row = consenting.limit(mia, kind)
    consenting.allow(mia)
    for key in ("care", "emergency", "legal_duty", "operations"):
        consenting.purpose(key, grounds=consenting.CARE)
    told = {
        key: may(mia, key, "email").allowed
        for key in ("care", "emergency", "legal_duty", "operations", "marketing")
    }
    assert told == {
        "care": False,
        "emergency": True,
        "legal_duty": True,
        "operations": False,
        "marketing": False,
    }
    assert may(mia, "care").restriction_id == row.pk


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"starts_at": DAY}, True),
        ({"ends_at": -DAY, "starts_at": -2 * DAY}, True),
        ({"ends_at": DAY}, False),
        ({"categories": ["billing"]}, True),
        ({"categories": ["demographics"]}, False),
    ],
)
def test_a_restriction_counts_in_its_time_and_for_its_data(mia, fields, allowed):
    now = timezone.now()
    consenting.purpose(
        "operations", grounds=consenting.CARE, categories=["demographics", "clinical"]
    )
    consenting.limit(
        mia, "restricted",
        **{name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()},
    )  # fmt: skip
    assert may(mia, "operations").allowed is allowed


# The person


def test_the_dead_allow_nothing_and_close_relatives_may(mia):
    research = consenting.purpose("research")
    dead = cast.patient(deceased=True)
    consenting.allow(dead, of=research, channel="")
    assert "died" in str(may(dead, "research").reason)
    consenting.allow(dead, of=research, channel="", capacity="relative")
    assert may(dead, "research").allowed


def test_what_a_guardian_allowed_ends_when_the_ward_comes_of_age():
    today = timezone.localdate()
    child, grown = (
        cast.patient(birth_on=date(today.year - years, 1, 1) - DAY) for years in (10, 14)
    )
    consenting.allow(child, grown, capacity="guardian")
    assert may(child, "marketing", "email").allowed
    assert "come of age" in str(may(grown, "marketing", "email").reason)
    consenting.allow(child, capacity="self")
    assert "too young" in str(may(child, "marketing", "email").reason)


def test_a_record_that_does_not_open_allows_nothing(mia):
    consenting.allow(mia)
    cast.break_seal(mia)
    assert not may(mia, "marketing", "email").allowed


def test_of_whom_was_erased_nothing_is_used_whatever_it_rests_on(mia):
    consenting.purpose("operations", grounds=consenting.CARE)
    assert may(mia, "operations").allowed
    ScopeOutcome.objects.create(
        subject_id=mia.pk, patient=mia, key_scope="record", outcome="erased",
        decided_at=timezone.now(), erasure_id=new_id(), number="ER-1",
    )  # fmt: skip
    assert not may(mia, "operations").allowed


def test_to_answer_is_no_reading_of_the_record(mia, system):
    consenting.allow(mia)
    system.reads.clear()
    assert may(mia, "marketing", "email").allowed
    assert not any(system.reads.values())


# Many at once


def test_many_are_answered_with_as_many_queries_as_one(django_assert_num_queries):
    many = cast.patients(20)
    consenting.allow(*many[::2])
    consenting.limit(many[2], "objection")
    # Register, laws, who is there, restrictions, consents; of those who allowed it cards, keys, the age of consent.
    for some in (many[:1], many):
        with django_assert_num_queries(7):
            answers = may_many([one.pk for one in some], "marketing", "email")
    assert [answers[one.pk].allowed for one in many] == [
        number % 2 == 0 and number != 2 for number in range(20)
    ]


def test_an_answer_is_never_remembered(mia):
    consenting.allow(mia)
    assert may(mia, "marketing", "email").allowed
    mia_says_no = consenting.Consent.objects.get(patient=mia)
    mia_says_no.state = "withdrawn"
    mia_says_no.save()
    answer = may(mia, "marketing", "email")
    assert isinstance(answer, Answer)
    assert not answer.allowed
