"""Alerts: who gets them, who closes them, what is remembered, and what follows in the sessions of an account."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Alert, Case, Companion, Event, State
from audit.queries import alerts as queries
from audit.services import alerts, cases, companions, questions
from patients.services import staff_links
from security import context, trail
from security.models import OutboxMessage, User
from security.monitoring import Finding, Response, rules
from security.services import holds
from tests.audit import reviewing, watching
from tests.patients import cast
from tests.security import people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def officer():
    return cast.staff("compliance_officer", name="Officer One")


@pytest.fixture
def desk():
    return cast.staff("receptionist")


def finding(user, **more):
    now = timezone.now()
    return Finding(user.pk, now, [cast.patient().pk], (), more.pop("key", "k"), **more)


def raised(user, key="R10", **more):
    found = [(rules[key], finding(user, **more))]
    with transaction.atomic():
        alerts.raise_found(found=found, responds_from=timezone.now() - timedelta(hours=1))
    return Alert.objects.get(rule=key, actor_id=user.pk, dedupe_key=more.get("key", "k"))


def test_an_alert_is_raised_with_its_state_in_the_trail(desk):
    row = raised(desk)
    (event,) = cast.events("audit.alert.raised")
    assert event.object_id == row.pk
    assert event.subjects == [desk.pk]
    assert event.fields == ["R10"]
    assert State.objects.filter(event_id=event.pk, object_id=row.pk).exists()


def test_the_same_finding_again_adds_its_events_while_the_alert_is_open(desk, officer):
    row = raised(desk)
    again = raised(desk)
    assert again.pk == row.pk
    assert len(again.events) == 2
    assert again.version > row.version
    alerts.close(alert_id=row.pk, verdict="explained", explanation="A study", by=officer)
    assert len(raised(desk).events) == 2
    assert len(cast.events("audit.alert.extended")) == 1


def test_an_alert_is_assigned_and_closed_with_a_sealed_explanation(desk, officer):
    row = raised(desk)
    alerts.assign(alert_id=row.pk, to=officer, by=officer)
    alerts.close(
        alert_id=row.pk, verdict="incident", explanation="Looked up a neighbour", by=officer
    )
    row = Alert.objects.get()
    assert (row.assigned_to, row.verdict, row.closed_by) == (officer, "incident", officer)
    assert row.explanation == "Looked up a neighbour"
    assert b"neighbour" not in bytes(row.sealed)
    (event,) = cast.events("audit.alert.closed")
    assert event.fields == ["incident"]
    assert event.actor_id == officer.pk
    assert [one.actor_id for one in cast.events("audit.alert.assigned")] == [officer.pk]


def test_nobody_closes_or_gets_an_alert_on_himself(officer):
    row, other = raised(officer), cast.staff("compliance_officer")
    with pytest.raises(alerts.AboutYourself):
        alerts.close(alert_id=row.pk, verdict="explained", explanation="It was me", by=officer)
    with pytest.raises(alerts.AboutYourself):
        alerts.assign(alert_id=row.pk, to=other, by=officer)
    with pytest.raises(alerts.AboutYourself):
        alerts.assign(alert_id=row.pk, to=officer, by=other)
    assert not Alert.objects.get().verdict


@pytest.mark.parametrize(("verdict", "words"), [("", "x"), ("perhaps", "x"), ("explained", "  ")])
def test_an_alert_closes_with_a_verdict_and_an_explanation_alone(desk, officer, verdict, words):
    row = raised(desk)
    with pytest.raises(alerts.NoVerdict):
        alerts.close(alert_id=row.pk, verdict=verdict, explanation=words, by=officer)
    assert not Alert.objects.get().verdict


def test_a_closed_alert_stays_closed(desk, officer):
    row = raised(desk)
    alerts.close(alert_id=row.pk, verdict="warned", explanation="Told", by=officer)
    with pytest.raises(alerts.ClosedAlready):
        alerts.close(alert_id=row.pk, verdict="explained", explanation="No", by=officer)
    with pytest.raises(alerts.ClosedAlready):
        alerts.assign(alert_id=row.pk, to=officer, by=officer)


def test_only_who_manages_incidents_gets_an_alert(desk, officer):
    row = raised(desk)
    for role in ("auditor", "physician", "administrator"):
        with pytest.raises(alerts.NotForAlerts):
            alerts.assign(alert_id=row.pk, to=cast.staff(role), by=officer)


def test_a_deed_and_its_event_roll_back_together(desk, officer, monkeypatch):
    row = raised(desk)

    def broken(*args, **options):
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(trail, "record", broken)
        with pytest.raises(DatabaseError):
            alerts.close(alert_id=row.pk, verdict="warned", explanation="Told", by=officer)
    assert not Alert.objects.get().verdict


def test_two_colleagues_are_told_at_once_of_a_changed_rule_and_never_the_one_who_changed_it(
    officer,
):
    others = [people.staff("compliance_officer", email=f"o{n}@example.org") for n in range(3)]
    watching.event(officer, action="audit.rule.switched_off", basis="")
    watching.watched()
    letters = OutboxMessage.objects.filter(topic="incidents.alert")
    assert {one.subject_id for one in letters} == {one.pk for one in others[:2]}
    assert "R17" not in letters[0].text
    assert "/audit/alerts/" in letters[0].text


# --- working pairs --------------------------------------------------------------------------


def remembered(desk, officer, **more):
    until = more.pop("until", timezone.now() + timedelta(days=30))
    fields = {"kind": "patient", "reason": "Their study"} | more
    return companions.remember(
        actor_id=desk.pk, other_id=cast.patient().pk, until=until, by=officer, **fields
    )


def test_a_pair_is_remembered_with_its_own_row_reason_and_event(desk, officer):
    row = remembered(desk, officer)
    (event,) = cast.events("audit.companion.remembered")
    assert event.object_id == row.pk
    assert set(event.subjects) == {desk.pk, row.other_id}
    assert Companion.objects.get().reason == "Their study"
    companions.end(companion_id=row.pk, by=officer)
    assert not Companion.objects.in_force().exists()
    assert len(cast.events("audit.companion.ended")) == 1


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_a_pair_ends_within_a_year(desk, officer, days):
    with pytest.raises(companions.NotSoLong):
        remembered(desk, officer, until=timezone.now() + timedelta(days=days))


def test_nobody_remembers_a_pair_with_himself(officer, desk):
    with pytest.raises(companions.NotThese):
        remembered(officer, officer)
    with pytest.raises(companions.NotThese):
        remembered(desk, officer, kind="friends")
    with pytest.raises(companions.NotSoLong):
        remembered(desk, officer, reason=" ")


# --- what follows ---------------------------------------------------------------------------


def test_the_sternest_answer_to_an_account_follows_and_old_findings_have_none(desk):
    now = timezone.now()
    old = Finding(desk.pk, now - timedelta(days=2), [], (), "old", response=Response.SUSPEND)
    new = Finding(desk.pk, now, [], (), "new", response=Response.STEP_UP)
    with transaction.atomic():
        found = [(rules["R10"], one) for one in (old, new)]
        alerts.raise_found(found=found, responds_from=now - timedelta(hours=1))
    desk.refresh_from_db()
    assert desk.fresh_factor_from is not None
    assert desk.sessions_from is None
    assert len(cast.events("security.user.factor_asked")) == 1


def test_after_an_alert_the_next_request_asks_for_a_fresh_factor_once(desk):
    browser = cast.browser(desk)
    assert browser.get("/", secure=True).status_code == 200
    User.objects.filter(pk=desk.pk).update(fresh_factor_from=timezone.now() + timedelta(seconds=2))
    answer = browser.get("/", secure=True)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/confirm/")
    assert browser.get("/account/confirm/", secure=True).status_code == 200
    assert browser.post("/sign-out/", secure=True).status_code in {302, 404}
    fresh = cast.browser(desk)
    session = fresh.session
    session["factor_at"] = int(timezone.now().timestamp()) + 3
    session.save()
    assert fresh.get("/", secure=True).status_code == 200


def test_a_slowed_account_waits_in_all_its_browsers_together(desk):
    url, browsers = f"/patients/{cast.patient().pk}/details/", [cast.browser(desk) for _ in "ab"]
    holds.slow_down(user=desk)
    assert [one.get(url, secure=True).status_code for one in browsers] == [200, 429]


def test_a_suspended_session_is_over_and_a_new_one_works(desk):
    browser = cast.browser(desk)
    session = browser.session
    session["started_at"] -= 5
    session.save()
    holds.suspend(user=desk)
    answer = browser.get("/", secure=True)
    assert answer.status_code == 302
    assert "reason=suspended" in answer["Location"]
    User.objects.filter(pk=desk.pk).update(sessions_from=timezone.now() - timedelta(seconds=2))
    assert cast.browser(desk).get("/", secure=True).status_code == 200


def test_a_slowed_account_opens_one_record_and_waits_for_the_next(desk):
    patient, browser = cast.patient(), cast.browser(desk)
    holds.slow_down(user=desk)
    url = f"/patients/{patient.pk}/details/"
    first, second = (browser.get(url, secure=True) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert "Muster" not in second.content.decode()
    assert browser.get("/", secure=True).status_code == 200
    User.objects.filter(pk=desk.pk).update(slowed_until=timezone.now())
    assert browser.get(url, secure=True).status_code == 200
    assert len(cast.events("security.access.slowed")) == 1


def test_an_alert_raised_by_monitoring_is_told_in_the_context_of_the_system(desk):
    watching.opens(desk, cast.patients(12), every=0.01)
    watching.watched()
    (event, *_) = cast.events("audit.alert.raised")
    assert event.actor_kind == "system"
    assert context.current().system == "tests"


# --- who is in it himself ---------------------------------------------------------------------


@pytest.fixture
def crowd(officer, desk):
    """Raise an alert about nobody alone, on a record that an officer looked at as well."""
    mia = cast.patient()
    seen = [watching.event(one, mia) for one in (desk, officer)]
    return Alert.objects.create(
        rule="R20", response="alert", subjects=[mia.pk], events=seen, dedupe_key="crowd",
        occurred_at=timezone.now(),
    )  # fmt: skip


def test_who_was_in_the_crowd_neither_sees_nor_closes_nor_gets_its_alert(crowd, officer):
    other = cast.staff("compliance_officer")
    closing = {"alert_id": crowd.pk, "verdict": "explained", "explanation": "It was nothing"}
    assert list(queries.visible(officer)) == []
    assert list(queries.visible(other)) == [crowd]
    with pytest.raises(alerts.AboutYourself):
        alerts.close(by=officer, **closing)
    with pytest.raises(alerts.AboutYourself):
        alerts.assign(alert_id=crowd.pk, to=officer, by=other)
    assert cast.browser(officer).get(f"/audit/alerts/{crowd.pk}/", secure=True).status_code == 404
    assert alerts.close(by=other, **closing).closed_by == other


def test_nobody_opens_or_sees_a_case_on_a_crowd_with_himself_in_it(crowd, officer):
    other = cast.staff("compliance_officer")
    for by, to in ((officer, other), (other, officer)):
        with pytest.raises(cases.OnYourself):
            reviewing.case(by, to=to, kind="alert", alert_id=crowd.pk)
    case = reviewing.case(other, kind="alert", alert_id=crowd.pk)
    assert list(Case.objects.not_about(officer.pk)) == []
    assert list(Case.objects.not_about(other.pk)) == [case]


def test_who_told_of_an_access_for_a_patient_looks_after_the_alert(desk, officer):
    mia = cast.patient()
    opened = Event.objects.get(pk=watching.event(desk, mia))
    with cast.acting(officer, "PATRQT"):
        questions.ask(patient_id=mia.pk, event_id=opened.pk, words="Who is this?", by=officer)
    (row,) = [one for one in watching.watched() if one.rule == "R21"]
    assert row in queries.visible(officer)
    cast.store(Alert, actor_id=None)
    assert row in queries.visible(officer)


def test_nobody_decides_about_an_alert_on_the_record_of_close_family(desk, officer):
    mia, other = cast.patient(), cast.staff("compliance_officer")
    with transaction.atomic():
        staff_links.declare(patient_id=mia.pk, colleague=officer, kind="sibling", by=None)
    row = raised(desk)
    cast.store(Alert, subjects=[mia.pk])
    with pytest.raises(alerts.AboutYourself):
        alerts.close(alert_id=row.pk, verdict="explained", explanation="Fine", by=officer)
    with pytest.raises(alerts.AboutYourself):
        alerts.assign(alert_id=row.pk, to=officer, by=other)
    assert alerts.assign(alert_id=row.pk, to=other, by=other).assigned_to == other


# --- after the verdict ------------------------------------------------------------------------


def test_what_goes_on_after_the_verdict_is_another_alert_once_it_is_as_much_again(desk, officer):
    noon = timezone.now().replace(hour=12, minute=0) - timedelta(days=1)
    charts = cast.patients(20)

    def dripped():
        return [one for one in watching.replayed(2) if one.rule == "R10"]

    watching.opens(desk, charts[:10], ends=noon - timedelta(hours=2), every=400)
    (first,) = dripped()
    with time_machine.travel(noon - timedelta(hours=1.5), tick=False):
        alerts.close(alert_id=first.pk, verdict="explained", explanation="A study", by=officer)
    watching.opens(desk, charts[10:19], ends=noon - timedelta(minutes=5), every=400)
    assert dripped() == [first]
    watching.opens(desk, charts[19:], ends=noon - timedelta(minutes=1))
    found = dripped()
    assert [one.verdict for one in found] == ["explained", ""]
    assert len(found[1].events) == 10
    assert dripped() == found
