"""Deeds on requests: each step changes the row, stands on the trail, and is refused where the law says so."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from audit.models import Case, Event
from consent.models import ProcessingPurpose, ProcessingRestriction, RightsLetter, RightsRequest
from consent.queries import whole
from consent.services import request_steps, requests
from consent.services.requests import Answer
from patients.models import PortalAccount, Relation, StaffLink
from patients.queries import disclosures as accounting
from patients.services import disclosures
from security import trail
from security.models import User
from security.services import users
from tests import world
from tests.consent import requesting as asking

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture(autouse=True)
def morning():
    with asking.frozen():
        yield


@pytest.fixture
def officer():
    return asking.officer()


def actions(row):
    events = Event.objects.filter(object_id=row.pk).order_by("recorded_at", "pk")
    return [one.action.rpartition(".")[2] for one in events]


def close(row, by, state="granted", ground="", version=None, *, is_elsewhere=True):
    answer = Answer(state, "Here is the copy.", ground, is_elsewhere)
    return requests.close(request_id=row.pk, version=version or row.version, answer=answer, by=by)


def test_a_request_is_numbered_its_clocks_run_and_it_is_acknowledged(officer):
    asking.clinic()
    row = asking.receive(asking.patient(language="zh"), officer)
    assert (row.number, row.state, row.language) == ("R-2026-0001", "received", "zh-hans")
    assert (row.target_on, row.due_on) == (date(2026, 12, 15), date(2026, 12, 24))
    letter = RightsLetter.objects.get(request=row)
    assert letter.kind == "received"
    assert "2026年12月24日" in str(letter.content)
    assert actions(row) == ["received"]
    assert asking.receive(asking.patient(), officer).number == "R-2026-0002"


def test_what_counts_is_the_local_day_of_receipt(officer):
    asking.clinic("hipaa", zone="America/New_York")
    row = asking.receive(
        asking.patient(), officer, received_at=datetime(2026, 11, 2, 4, 59, tzinfo=UTC)
    )
    assert row.due_on == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, {"received_at": asking.NOW + timedelta(seconds=1)}),
        ({}, {"received_at": datetime(1, 1, 1, 12, tzinfo=UTC)}),
        ({"birth_on": date(2026, 11, 25)}, {}),
        ({"deceased": True, "deceased_at": asking.NOW - timedelta(days=2)}, {}),
    ],
)
def test_a_request_from_the_future_before_birth_or_after_death_is_refused(officer, fields, said):
    with pytest.raises(requests.NotInTime), transaction.atomic():
        asking.receive(asking.patient(**fields), officer, **said)
    assert not Event.objects.filter(action="consent.request.received").exists()


def test_a_close_relative_asks_for_the_deceased_and_gdpr_ends_with_death(officer):
    asking.clinic()
    dead = asking.patient(deceased=True)
    row = asking.receive(dead, officer, capacity="relative", asker="Max, husband")
    assert row.laws == ["hipaa", "pipl"]
    assert asking.proved(row, officer).state == "working"
    alive = asking.receive(asking.patient(), officer, capacity="relative", asker="Max")
    with pytest.raises(requests.NotEntitled):
        asking.proved(alive, officer)


def test_ten_thousand_characters_are_kept_and_more_are_refused(officer):
    row = asking.receive(asking.patient(), officer, asked="字" * 10_000)
    assert len(row.asked) == 10_000
    with pytest.raises(requests.TooLong):
        asking.receive(asking.patient(), officer, asked="字" * 10_001)
    with pytest.raises(requests.NotAsked):
        asking.receive(asking.patient(), officer, asked="  ")


def test_somebody_elses_request_and_a_former_guardians_have_a_defined_refusal(officer):
    asking.clinic()
    child = asking.patient(birth_on=date(2020, 1, 1))
    other = asking.receive(child, officer, capacity="other", asker="A neighbour")
    with pytest.raises(requests.NotEntitled):
        asking.proved(other, officer)
    ended = date(2026, 11, 1)
    Relation.objects.create(patient=child, kind="MTH", is_guardian=True, ends_on=ended)
    former = asking.receive(child, officer, capacity="guardian", asker="Mother")
    with pytest.raises(requests.NotEntitled, match="who was one before"):
        asking.proved(former, officer)
    Relation.objects.create(patient=child, kind="FTH", is_guardian=True)
    row = asking.proved(former, officer)
    assert (row.identity_how, row.identity) == ("document", "Identity card")
    refused = requests.refuse(
        request_id=other.pk, version=other.version, ground="not_entitled", reason="No authority.", by=officer
    )  # fmt: skip
    assert (refused.state, refused.refusal) == ("refused", "not_entitled")
    letter = RightsLetter.objects.get(request=other, kind="refused")
    assert "PIPL 31, 44, 49" in str(letter.content)
    assert "people's court" in str(letter.content)


def test_a_guardian_of_somebody_who_came_of_age_may_not_ask(officer):
    grown = asking.patient(birth_on=date(2012, 11, 24))
    Relation.objects.create(patient=grown, kind="MTH", is_guardian=True)
    row = asking.receive(grown, officer, capacity="guardian", asker="Mother")
    with pytest.raises(requests.NotEntitled, match="old enough"):
        asking.proved(row, officer)


def test_nothing_is_given_to_a_guardian_whose_ward_came_of_age_meanwhile(officer):
    ward = asking.patient(birth_on=date(2012, 11, 26))
    Relation.objects.create(patient=ward, kind="MTH", is_guardian=True)
    row = asking.proved(asking.receive(ward, officer, capacity="guardian", asker="Mother"), officer)
    with asking.frozen(asking.NOW + timedelta(days=2)):
        with pytest.raises(requests.NotEntitled):
            close(row, officer)
        assert close(row, officer, "refused", "not_entitled").state == "refused"


def test_a_patient_asks_by_the_portal_and_nobody_who_does_not_represent():
    asking.clinic()
    whom = asking.patient()
    account, former = (world.person(kind="patient") for _one in range(2))
    PortalAccount.objects.create(user=account, patient=whom, capacity="self")
    PortalAccount.objects.create(
        user=former, patient=whom, capacity="guardian",
        starts_at=asking.NOW - timedelta(days=9), ends_at=asking.NOW - timedelta(days=1),
    )  # fmt: skip
    row = asking.receive(whom, account, way="portal")
    assert (row.state, row.capacity, row.way) == ("working", "self", "portal")
    assert row.identity_at == asking.NOW
    for stranger in (former, world.person(kind="patient")):
        with pytest.raises(requests.NotEntitled):
            asking.receive(whom, stranger, way="portal")
    taken = requests.withdraw(
        request_id=row.pk, version=row.version, reason="Not needed.", by=account
    )
    assert taken.state == "withdrawn"


def test_a_request_is_extended_once_inside_the_first_period_with_a_letter(officer):
    asking.clinic("hipaa", "gdpr")
    row = asking.receive(asking.patient(), officer)
    row = requests.extend(request_id=row.pk, version=row.version, reason="Old films.", by=officer)
    assert row.due_on == date(2027, 1, 23)
    assert "Old films." in str(RightsLetter.objects.get(kind="extended").content)
    with pytest.raises(requests.NoExtension, match="before"):
        requests.extend(request_id=row.pk, version=row.version, reason="More.", by=officer)
    assert actions(row) == ["received", "extended"]


def test_an_extension_after_the_first_period_without_a_reason_or_under_pipl_alone_is_refused(
    officer,
):
    profile = asking.clinic("gdpr")
    row = asking.receive(asking.patient(), officer)
    with pytest.raises(requests.SaysNothing):
        requests.extend(request_id=row.pk, version=row.version, reason=" ", by=officer)
    with asking.frozen(datetime(2026, 12, 24, 15, 59, tzinfo=UTC)):
        sid = transaction.savepoint()
        requests.extend(request_id=row.pk, version=row.version, reason="Films.", by=officer)
        transaction.savepoint_rollback(sid)
    later = asking.frozen(datetime(2026, 12, 24, 16, 0, tzinfo=UTC))
    with later, pytest.raises(requests.NoExtension, match="over"):
        requests.extend(request_id=row.pk, version=row.version, reason="Films.", by=officer)
    profile.laws = ["pipl"]
    profile.save()
    row = asking.receive(asking.patient(), officer)
    with pytest.raises(requests.NoExtension, match="No law"):
        requests.extend(request_id=row.pk, version=row.version, reason="Films.", by=officer)


def test_nothing_is_granted_before_it_was_shown_who_asks(officer):
    row = asking.receive(asking.patient(), officer)
    with pytest.raises(requests.Unproved):
        close(row, officer)
    row = requests.ask_identity(request_id=row.pk, version=row.version, by=officer)
    assert row.state == "identity"
    done = close(asking.proved(row, officer), officer)
    assert (done.state, done.closed_by) == ("granted", officer)
    assert actions(row) == ["received", "identity_asked", "identity_proved", "answered"]


def test_two_officers_who_answer_at_once_answer_once(officer):
    row = asking.proved(asking.receive(asking.patient(), officer), officer)
    close(row, officer)
    with pytest.raises(requests.Answered, match="before"):
        close(row, asking.officer(), version=row.version)
    other = asking.receive(asking.patient(), officer)
    asking.proved(other, officer)
    with pytest.raises(requests.Answered, match="meanwhile"):
        close(other, officer, version=other.version)


def test_a_refusal_needs_a_ground_that_holds_under_every_law_that_gives_the_right(officer):
    asking.clinic()
    row = asking.receive(asking.patient(), officer, "erasure")
    for ground in ("", "accurate", "no_right"):
        with pytest.raises(requests.NoGround):
            close(row, officer, "refused", ground)
    assert close(row, officer, "refused", "retention").state == "refused"


def test_a_refused_copy_may_be_reviewed_and_a_refused_correction_answered_with_a_statement(officer):
    asking.clinic()
    copy = close(asking.receive(asking.patient(), officer), officer, "refused", "danger")
    said = str(RightsLetter.objects.get(request=copy, kind="refused").content)
    assert "licensed health professional" in said
    assert "45 CFR 164.524(a)(3)(i); GDPR 15(4), 23; PIPL 18, 45" in said
    fixed = asking.receive(asking.patient(), officer, "rectification")
    close(fixed, officer, "refused", "accurate")
    said = str(RightsLetter.objects.get(request=fixed, kind="refused").content)
    assert "written statement that you disagree" in said


def test_nobody_works_on_the_own_request_or_that_of_close_family(officer):
    staff = requests.receive(
        asked=asking.asked(), subject_id=officer.pk, subject_of="user", by=officer
    )
    family = asking.receive(asking.patient(), officer)
    StaffLink.objects.create(user=officer, patient_id=family.patient_id, kind="child")
    for row in (staff, family):
        with pytest.raises(requests.OwnRequest):
            asking.proved(row, officer)
    other = asking.officer()
    with pytest.raises(requests.OwnRequest):
        requests.assign(request_id=staff.pk, version=staff.version, to=officer, by=other)
    assert close(asking.proved(staff, other), other).state == "granted"


def test_only_officers_are_given_requests(officer):
    row = asking.receive(asking.patient(), officer)
    row = requests.assign(request_id=row.pk, version=row.version, to=officer, by=officer)
    assert row.assigned_to == officer
    with pytest.raises(requests.NotAnOfficer):
        requests.assign(
            request_id=row.pk, version=row.version, to=world.person("nurse"), by=officer
        )


def test_what_was_asked_before_is_joined_to_the_earlier_request_alone(officer):
    whom = asking.patient()
    first, second = (asking.receive(whom, officer) for _one in range(2))
    stranger = asking.receive(asking.patient(), officer)
    for wrong in (stranger, second):
        with pytest.raises(requests.NotARepeat):
            requests.join(
                request_id=second.pk, version=second.version, earlier_id=wrong.pk, by=officer
            )
    done = requests.join(
        request_id=second.pk, version=second.version, earlier_id=first.pk, by=officer
    )
    assert (done.state, done.repeats) == ("duplicate", first)


def test_the_first_accounting_in_twelve_months_is_free(officer):
    whom = asking.patient()

    def again(at):
        with asking.frozen(at):
            return asking.receive(whom, officer, "accounting", received_at=at)

    def charge(row):
        return request_steps.charge(
            request_id=row.pk, version=row.version, terms="20 USD", by=officer
        )

    first = again(asking.NOW - timedelta(days=400))
    with pytest.raises(request_steps.FirstIsFree):
        charge(first)
    close(asking.proved(first, officer), officer)
    second = again(asking.NOW - timedelta(days=30))
    with pytest.raises(request_steps.FirstIsFree):
        charge(second)
    close(asking.proved(second, officer), officer)
    third = charge(again(asking.NOW))
    assert third.is_charged
    assert actions(third) == ["received", "charged"]


def test_an_authority_suspends_an_accounting_orally_for_thirty_days_at_most(officer):
    row = asking.receive(asking.patient(), officer, "accounting")

    def suspend(until, *, is_written, held=()):
        return request_steps.suspend(
            request_id=row.pk, version=row.version, statement="Police, by phone", is_written=is_written,
            until=until, disclosures=held, by=officer,
        )  # fmt: skip

    for until, is_written in ((date(2026, 12, 25), False), (date(2026, 11, 24), True)):
        with pytest.raises(request_steps.NotSuspended):
            suspend(until, is_written=is_written)
    assert suspend(date(2026, 12, 24), is_written=False).suspended_until == date(2026, 12, 24)
    row.refresh_from_db()
    told = {"disclosed_on": date(2026, 11, 1), "what": "Name", "why": "File 7"}
    police, doctor = (
        disclosures.note(
            patient_id=row.patient_id, told=disclosures.Told(recipient=who, ground=ground, **told), by=officer
        )
        for who, ground in (("City police", "police"), ("Dr Marsh", "mistake"))
    )  # fmt: skip
    with pytest.raises(disclosures.NotAnAuthority):
        suspend(date(2027, 6, 1), is_written=True, held=[police.pk, doctor.pk])
    row.refresh_from_db()
    done = suspend(date(2027, 6, 1), is_written=True, held=[police.pk])
    assert done.suspended_until == date(2027, 6, 1)
    account = accounting.of(row.patient_id)
    assert ([one["recipient"] for one in account["rows"]], account["silent"]) == (["Dr Marsh"], 1)
    copy = whole.told(RightsRequest.objects.get(pk=row.pk))
    assert (copy["suspension"], copy["suspended_until"]) == (None, None)


def test_a_case_on_a_request_lets_its_officer_read_the_record(officer):
    row = asking.receive(asking.patient(), officer)
    case = request_steps.open_case(
        request_id=row.pk, version=row.version, question="What is held?", by=officer
    )
    row.refresh_from_db()
    assert (row.case_id, case.kind) == (case.pk, Case.Kind.REQUEST)
    with pytest.raises(request_steps.CaseBefore):
        request_steps.open_case(
            request_id=row.pk, version=row.version, question="Again?", by=officer
        )


def test_restriction_and_objection_are_carried_out_from_the_request(officer):
    whom = asking.patient()
    purpose = ProcessingPurpose.objects.create(key="marketing", name="Marketing", name_zh="营销")
    row = asking.proved(asking.receive(whom, officer, "objection"), officer)
    with pytest.raises(request_steps.NothingToRestrict):
        request_steps.restrict(request_id=row.pk, version=row.version, purpose=None, by=officer)
    made = request_steps.restrict(
        request_id=row.pk, version=row.version, purpose=purpose, by=officer
    )
    assert (made.kind, made.purpose, made.request_id) == ("objection", purpose, row.pk)
    assert ProcessingRestriction.objects.in_force().filter(patient=whom).count() == 1
    copy = asking.proved(asking.receive(whom, officer), officer)
    with pytest.raises(request_steps.NothingToRestrict):
        request_steps.restrict(request_id=copy.pk, version=copy.version, purpose=None, by=officer)


def test_a_step_that_can_not_be_recorded_is_not_taken(officer, monkeypatch):
    row = asking.receive(asking.patient(), officer)

    def broken(*_args, **_named):
        raise RuntimeError("no trail")

    monkeypatch.setattr(trail, "record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        requests.assign(request_id=row.pk, version=row.version, to=officer, by=officer)
    row.refresh_from_db()
    assert row.assigned_to is None


def test_an_officer_who_left_answers_nothing_more(officer):
    row = asking.receive(asking.patient(), officer)
    users.deactivate(user=officer, by=None)
    with pytest.raises(requests.NotAnOfficer):
        asking.proved(row, User.objects.get(pk=officer.pk))
