"""Until when records are kept: month ends, minors, the longest of several laws, who is due, who agrees."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import periods
from consent.models import Erasure, RetentionRule
from consent.queries import due, erasure_pages, erasure_plans, retention, retention_facts
from consent.queries.retention_facts import Facts
from consent.services import erasing, erasures, holds, requests, retention_rules, retention_runs
from patients.models import Condition, Encounter, Patient
from security.models import User
from security.sealing import SealErased
from tests import world
from tests.consent import erasing as making
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def rule(**values):
    usual = {"key": "x", "kind": "outpatient", "anchor": "visit", "months": 12, "article": "a"}
    return RetentionRule(**usual | values)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 12, 31), 2, date(2024, 2, 29)),
        (date(2026, 8, 31), 180, date(2041, 8, 31)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_months_end_at_the_end_of_the_month(day, months, then):
    assert periods.later(day, months) == then


def test_the_longest_rule_wins_and_says_so():
    facts = Facts(kinds={"outpatient": date(2010, 1, 31), "prescription": date(2020, 1, 31)})
    rules = [
        rule(key="short", months=120),
        rule(key="long", months=180),
        rule(key="pills", kind="prescription", months=36),
    ]
    kept = retention.by_scope(facts, rules)
    assert (kept["record"].rule.key, kept["record"].until) == ("long", date(2025, 1, 31))
    assert kept["restricted"].rule.key == "long"
    assert "billing" not in kept


def test_a_minor_is_kept_beyond_coming_of_age():
    facts = Facts(kinds={"outpatient": date(2010, 6, 1)}, birth=date(2008, 2, 29))
    assert retention.until(rule(months=120, minor_months=36), facts) == date(2029, 2, 28)
    grown = Facts(kinds={"outpatient": date(2010, 6, 1)}, birth=date(1970, 1, 1))
    assert retention.until(rule(months=120, minor_months=36), grown) == date(2020, 6, 1)


def test_the_day_before_it_is_not_over():
    kept = retention.Kept(date(2025, 1, 31), rule())
    assert not kept.is_over(date(2025, 1, 30))
    assert kept.is_over(date(2025, 1, 31))


def test_time_runs_from_the_last_discharge_and_not_while_somebody_is_in_bed():
    patient = Patient.objects.create(names=[{"text": "Stays"}])
    began = datetime(2001, 5, 1, 12, tzinfo=UTC)
    stay = Encounter.objects.create(
        patient=patient, occurred_at=began, class_code="IMP", ended_at=began + timedelta(days=30)
    )
    facts = retention_facts.of_patients([patient.pk])[patient.pk]
    assert facts.kinds == {"inpatient": date(2001, 5, 31)}
    kept = retention.by_scope(facts, retention.applying())
    assert (kept["record"].rule.key, kept["record"].until) == ("cn_inpatient", date(2031, 5, 31))
    Encounter.objects.create(patient=patient, occurred_at=began, class_code="IMP")
    facts = retention_facts.of_patients([patient.pk])[patient.pk]
    assert retention.by_scope(facts, retention.applying())["record"].until is None
    assert stay.pk


def test_a_rule_is_changed_with_a_reason_and_by_one_at_a_time():
    officer = making.officers(1)[0]
    values = {"months": 240, "days": 0, "minor_months": None, "article": "Art. 1", "is_on": True}
    retention_rules.change(key="cn_outpatient", version=1, reason="New law", by=officer, **values)
    assert retention.rule("cn_outpatient").months == 240
    with pytest.raises(retention_rules.Changed):
        retention_rules.change(key="cn_outpatient", version=1, reason="Again", by=officer, **values)
    with pytest.raises(retention_rules.NoPeriod):
        retention_rules.change(
            key="cn_outpatient", version=2, reason="None", by=officer, **values | {"months": 0}
        )


def last_seen(patient, years):
    """Let a patient have been here once, so long ago."""
    at = timezone.now() - timedelta(days=366 * years)
    with transaction.atomic():
        visit = Encounter.objects.create(patient=patient, occurred_at=at, class_code="AMB")
        Patient._base_manager.filter(pk=patient.pk).update(last_activity_at=at, created_at=at)
    return visit


@pytest.fixture
def old():
    patient = Patient.objects.create(names=[{"text": "Long ago"}])
    last_seen(patient, 16)
    return patient


def test_who_never_had_a_visit_is_kept_from_the_last_activity(old):
    Encounter._base_manager.all().delete()
    assert [one.patient_id for one in due.found()] == [old.pk]
    recently = timezone.now() - timedelta(days=366 * 8)
    Patient._base_manager.filter(pk=old.pk).update(last_activity_at=recently)
    facts = retention_facts.of_patients([old.pk])[old.pk]
    assert facts.kinds["outpatient"] == timezone.localdate(recently)


@pytest.mark.parametrize(("model", "column"), [(Patient, "sealed_card"), (Encounter, "sealed")])
def test_what_does_not_open_is_not_due(old, model, column):
    cast.break_seal(model._base_manager.get(), column)
    assert due.found() == []


def test_who_is_due_is_listed_with_the_rule_and_nobody_else(old):
    recent = Patient.objects.create(names=[{"text": "Yesterday"}])
    last_seen(recent, 1)
    found = due.found()
    assert [(one.patient_id, one.scopes["record"].rule.key) for one in found] == [
        (old.pk, "cn_outpatient")
    ]
    day = found[0].scopes["record"].until
    assert due.found(today=day - timedelta(days=1)) == []


def test_the_list_takes_as_many_queries_for_ten_as_for_one(old):
    with CaptureQueriesContext(connection) as counted:
        due.found()
    for _ in range(9):
        last_seen(Patient.objects.create(names=[{"text": "Long ago"}]), 16)
    with CaptureQueriesContext(connection) as again:
        assert len(due.found()) == 10
    assert len(again) == len(counted)


def test_a_run_is_agreed_to_by_another_person_and_erases(old, tmp_path):
    planner, other = making.officers(2)
    run = retention_runs.plan(patient_ids=[old.pk], by=planner)
    with pytest.raises(erasures.NotYours):
        retention_runs.approve(run_id=run.pk, by=planner)
    assert erasing.take() is None
    with making.ledger(tmp_path):
        retention_runs.approve(run_id=run.pk, by=other)
        with pytest.raises(erasures.Impossible):
            retention_runs.approve(run_id=run.pk, by=other)
        done = erasing.work(erasing.take())
    assert done.state == Erasure.State.DONE
    assert not Encounter.objects.filter(patient=old).exists()
    assert due.found() == []


def test_a_run_leaves_out_whom_a_hold_stops(old):
    planner = making.officers(1)[0]
    holds.set_hold(patient_id=old.pk, until_on=None, reason="Lawsuit", by=planner)
    assert due.found()[0].is_held
    with pytest.raises(erasures.Impossible):
        retention_runs.plan(patient_ids=[old.pk], by=planner)


def test_a_run_erases_nothing_that_is_not_due(tmp_path):
    patient = Patient.objects.create(names=[{"text": "Here"}])
    Condition.objects.create(patient=patient, code_text="Asthma")
    plan = erasure_plans.of_patient(patient.pk, Erasure.Origin.RETENTION)
    assert {one["action"] for one in plan["scopes"]} == {"keep"}
    assert plan["loose"] == {}


def test_an_account_goes_after_its_time_and_keeps_its_handle(tmp_path):
    planner, other = making.officers(2)
    leaver = world.person("nurse", name="Gone Long Ago", is_active=False)
    with pytest.raises(erasures.Impossible):
        erasures.plan_colleague(user_id=leaver.pk, reason="Left", by=planner)
    with transaction.atomic():
        left = timezone.localdate() - timedelta(days=366 * 7)
        User._base_manager.filter(pk=leaver.pk).update(ends_on=left)
    row = erasures.plan_colleague(user_id=leaver.pk, reason="Left", by=planner)
    with making.ledger(tmp_path):
        making.agreed(row, other)
        assert erasing.work(erasing.take()).state == Erasure.State.DONE
    found = User.objects.get(pk=leaver.pk)
    assert found.handle == leaver.handle
    with pytest.raises(SealErased):
        making.said(found, "display_name")


def test_a_colleague_who_asks_is_told_until_when_the_account_is_kept_and_two_approve_after_it():
    planner = making.officers(1)[0]
    leaver = world.person("nurse", name="Gone", is_active=False)
    asked = requests.Asked("erasure", "email", "Erase me.", timezone.now())
    row = requests.receive(asked=asked, subject_id=leaver.pk, subject_of="user", by=planner)
    requests.prove_identity(
        request_id=row.pk, version=row.version, how="known", shown="Known", by=planner
    )
    about = {"user_id": leaver.pk, "reason": "Asked", "request_id": row.pk, "by": planner}
    with transaction.atomic():
        User._base_manager.filter(pk=leaver.pk).update(ends_on=timezone.localdate())
    with pytest.raises(erasures.Impossible, match="kept until"):
        erasures.plan_colleague(**about)
    assert row in erasure_pages.waiting_requests()
    with transaction.atomic():
        left = timezone.localdate() - timedelta(days=366 * 7)
        User._base_manager.filter(pk=leaver.pk).update(ends_on=left)
    planned = erasures.plan_colleague(**about)
    assert (planned.request, erasures.NEEDED[planned.origin]) == (row, 2)
