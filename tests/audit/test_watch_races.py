"""Officers who decide at the same moment: one verdict, one case, one report, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from audit.models import Alert, AuditReport, Case, Review
from audit.services import alerts, cases, reports, reviews
from security.models import User
from tests.audit import reviewing
from tests.patients import cast
from tests.together import at_once, split

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("system")]


@pytest.fixture
def officers() -> list[User]:
    return [reviewing.officer(name) for name in ("One", "Two")]


@pytest.fixture
def alert() -> Alert:
    return Alert.objects.create(
        rule="R10", response="alert", actor_id=cast.staff("nurse").pk, dedupe_key="k",
        occurred_at=timezone.now(),
    )  # fmt: skip


def test_of_verdicts_on_one_alert_at_once_one_stands(officers, alert):
    closings = [
        lambda one=one, verdict=verdict: alerts.close(
            alert_id=alert.pk, verdict=verdict, explanation=f"As {one.pk} says", by=one
        )
        for one in officers
        for verdict in ("explained", "incident")
    ]
    done, refused = split(at_once(*closings))
    assert len(done) == 1
    assert {type(one) for one in refused} == {alerts.ClosedAlready}
    row = Alert.objects.get()
    assert (row.verdict, row.closed_by) == (done[0].verdict, done[0].closed_by)
    assert len(cast.events("audit.alert.closed")) == 1


def test_of_verdicts_on_one_review_at_once_one_stands_and_the_patient_is_told_once(officers):
    row = reviewing.review(cast.staff("nurse"), cast.patient())
    deciding = [
        lambda one=one, verdict=verdict: reviews.decide(
            review_id=row.pk, verdict=verdict, finding="What was found", by=one
        )
        for one in officers
        for verdict in ("justified", "incident")
    ]
    done, refused = split(at_once(*deciding))
    assert len(done) == 1
    assert {type(one) for one in refused} == {reviews.Decided}
    assert Review.objects.get().verdict == done[0].verdict
    assert len(cast.events("audit.review.decided")) == 1


def test_two_who_open_a_case_on_one_alert_at_once_open_one(officers, alert):
    mia = cast.patient()
    asked = cases.Asked("alert", "What was that?", [mia.pk], alert_id=alert.pk)
    opening = [lambda one=one: cases.open_case(asked=asked, to=one, by=one) for one in officers * 2]
    done, refused = split(at_once(*opening))
    assert [Case.objects.get()] == done
    assert {type(one) for one in refused} == {cases.OpenBefore}


def test_a_report_of_what_runs_that_many_ask_for_at_once_is_one(officers):
    asking = [
        lambda one=one: reports.ask(kind="weekly", is_running=True, by=one) for one in officers * 3
    ]
    done, refused = split(at_once(*asking))
    assert [AuditReport.objects.get()] == done
    assert {one.report.pk for one in refused} == {done[0].pk}
    assert len(cast.events("audit.report.asked")) == 1


def test_workers_that_plan_and_take_at_once_make_each_report_once(officers):
    now = datetime(2026, 6, 9, 12, tzinfo=UTC)
    AuditReport.objects.all().delete()
    period = reports.periods.at("weekly", now, "UTC").before()
    asking = [lambda: reports._once(period, by=None)] * 4
    assert {one.pk for one in at_once(*asking)} == {AuditReport.objects.get().pk}
    taken = [one for one in at_once(*[reports.take] * 4) if one is not None]
    assert len(taken) == 1
