"""Audit reports from the asking to the file: once, sealed, told of, checked, given out."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit import tasks
from audit.models import AuditReport, ReportSchedule
from audit.queries import reports as queries
from audit.services import report_schedules, reports
from audit.services.report_schedules import Setting
from security import context
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.models import OutboxMessage, User
from security.sealing import SealBroken
from tests import world
from tests.audit import reporting
from tests.audit.reporting import NOON, WEEK, altered, events, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
State = AuditReport.State


@pytest.fixture(autouse=True)
def zone(settings):
    settings.TIME_ZONE = reporting.ZONE


@pytest.fixture
def officer() -> User:
    return world.person("compliance_officer", name="Olive Officer", email="olive@clinic.example")


def work(at):
    with time_machine.travel(at, tick=False):
        return tasks.work_on_reports()


# --- once ------------------------------------------------------------------------------------


def test_a_worker_that_was_away_makes_each_missed_report_once(monkeypatch):
    papers = []
    monkeypatch.setattr(
        tasks.report_papers, "keep_all", lambda report: papers.append(report.starts_on)
    )
    work(datetime(2026, 5, 20, 12, tzinfo=UTC))
    assert not AuditReport.objects.exists()
    assert work(datetime(2026, 6, 9, 12, tzinfo=UTC)) == 4
    assert work(datetime(2026, 6, 9, 12, 1, tzinfo=UTC)) == 0
    made = AuditReport.objects.order_by("kind", "starts_on").values_list(
        "kind", "starts_on", "state"
    )
    assert list(made) == [
        ("monthly", date(2026, 5, 1), "ready"),
        ("weekly", date(2026, 5, 18), "ready"),
        ("weekly", date(2026, 5, 25), "ready"),
        ("weekly", date(2026, 6, 1), "ready"),
    ]
    assert len(events("audit.report.made")) == len(papers) == 4


def test_two_workers_make_a_report_once(monkeypatch):
    with time_machine.travel(NOON, tick=False):
        report_schedules.begin()
    now = NOON + timedelta(days=7)
    # The second worker has looked before the first one wrote.
    blind = queries.missing
    reports.plan(now=now)
    monkeypatch.setattr(queries, "missing", lambda kind, wanted: wanted)
    reports.plan(now=now)
    monkeypatch.setattr(queries, "missing", blind)
    assert AuditReport.objects.count() == 1
    first = reports.take()
    assert first is not None
    assert reports.take() is None


def test_work_that_stopped_is_taken_over_and_the_slower_one_writes_nothing():
    AuditReport.objects.create(
        kind="weekly", starts_on=WEEK.starts_on, ends_on=WEEK.ends_on, zone=WEEK.zone
    )
    slow = reports.take()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        other = reports.take()
        assert other is not None
        assert other.pk == slow.pk
        made = reports.make(report=other)
    assert made is not None
    assert reports.make(report=slow) is None
    assert AuditReport.objects.get().digest == made.digest
    assert len(events("audit.report.made")) == 1


def test_a_report_that_was_interrupted_three_times_has_failed_and_can_be_asked_for_again(officer):
    with time_machine.travel(NOON, tick=False) as clock:
        row = reports.ask(kind="weekly", is_running=False, by=officer)
        for _attempt in range(3):
            assert reports.take().state == State.MAKING
            clock.shift(timedelta(minutes=16))
        assert reports.take().state == State.FAILED
        assert reports.take() is None
        (failed,) = events("audit.report.failed")
        assert (failed.outcome, failed.object_id) == ("failed", row.pk)
        again = reports.ask(kind="weekly", is_running=False, by=officer)
        assert (again.pk, again.state, again.attempts) == (row.pk, State.WAITING, 0)
        assert reports.make(report=reports.take()) is not None


def test_the_database_holds_one_report_of_a_whole_period_and_as_many_cut_ones_as_are_asked_for():
    columns = {
        "kind": "weekly", "starts_on": WEEK.starts_on, "ends_on": WEEK.ends_on, "zone": WEEK.zone,
    }  # fmt: skip
    AuditReport.objects.create(**columns)
    for _number in range(2):
        AuditReport.objects.create(**columns, until=NOON)
    with pytest.raises(IntegrityError, match="once_per_period"), transaction.atomic():
        AuditReport.objects.create(**columns)


def test_asking_twice_for_what_runs_leads_to_the_one_that_is_being_made(officer):
    row = reports.ask(kind="monthly", is_running=True, by=officer)
    with pytest.raises(reports.UnderWay) as caught:
        reports.ask(kind="monthly", is_running=True, by=officer)
    assert caught.value.report == row
    assert reports.ask(kind="weekly", is_running=True, by=officer) != row


def test_asking_and_its_event_stand_or_fall_together(officer, monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("no trail")

    monkeypatch.setattr(reports.trail, "record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        reports.ask(kind="weekly", is_running=False, by=officer)
    assert not AuditReport.objects.exists()


def test_a_report_is_not_made_if_its_event_can_not_be_written(officer, monkeypatch):
    reports.ask(kind="weekly", is_running=False, by=officer)
    taken = reports.take()

    def broken(*args, **options):
        raise RuntimeError("no trail")

    monkeypatch.setattr(reports.trail, "record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        reports.make(report=taken)
    assert AuditReport.objects.get().made_at is None
    assert not OutboxMessage.objects.exists()


# --- told of ---------------------------------------------------------------------------------


def test_the_mail_holds_a_link_and_no_content(officer):
    world.person("auditor", email="ada@clinic.example", language="zh-hans")
    world.person("physician", email="doctor@clinic.example")
    world.person("auditor")
    reporting.store(*(read(basis="team") for _number in range(37)))
    made = reporting.report()
    mails = list(OutboxMessage.objects.filter(topic="audit.report"))
    with context.matching():
        found = {mail.address: (mail.title, mail.text) for mail in mails}
    assert set(found) == {"olive@clinic.example", "ada@clinic.example"}
    link = f"http://127.0.0.1:8000/audit/reports/{made.pk}/"
    assert found["olive@clinic.example"] == (
        "An audit report is ready",
        f"Sign in to read it:\n\n{link}",
    )
    title, text = found["ada@clinic.example"]
    assert re.search(r"[\u4e00-\u9fff]", title)
    assert link in text
    assert "37" not in (title + text).replace(link, "")


def test_only_roles_that_read_the_trail_are_told(officer):
    readers = {
        key for key, role in ROLES.items() if role.grants.get(Permission.TRAIL_READ) is Reach.ALL
    }
    gated = {key for key, role in ROLES.items() if Permission.INCIDENTS_READ in role.grants}
    assert readers == gated == set(queries.readers()) == {"compliance_officer", "auditor"}
    setting = Setting(is_on=True, weekday=0, day=1, hour=6, recipients=["physician"])
    with pytest.raises(report_schedules.UnfitRole):
        report_schedules.change(kind="weekly", version=1, setting=setting, by=officer)
    auditor = world.person("auditor", email="ada@clinic.example")
    schedule = ReportSchedule(kind="weekly", recipients=["auditor", "physician"])
    assert queries.recipients(schedule) == [auditor]


# --- sealed, and checked against the trail ---------------------------------------------------


def test_the_event_of_the_making_holds_the_digest_of_the_canonical_report():
    made = reporting.report()
    (event,) = events("audit.report.made")
    assert event.fields == [f"sha256:{made.digest}"]
    assert (event.object_label, event.object_id) == ("audit.report", made.pk)
    stored = AuditReport.objects.get()
    assert queries.proof(stored).fault is None
    # Keys in order, no spaces: anybody can make the same bytes.
    content = stored.content
    assert queries.canonical(json.loads(queries.canonical(content))) == queries.canonical(content)
    assert queries.canonical({"b": 1, "a": "安"}) == '{"a":"安","b":1}'.encode()


def verify(report):
    said = StringIO()
    call_command("verify_report", str(report.pk), stdout=said)
    return said.getvalue()


def test_the_command_tells_a_match():
    made = reporting.report()
    said = verify(made)
    assert said.startswith(f"match: {made.pk}\n")
    assert made.digest in said
    assert str(events("audit.report.made")[0].pk) in said


def test_numbers_that_were_changed_are_found_even_with_a_digest_of_their_own():
    made = reporting.report()
    row = AuditReport.objects.get()
    row.content = row.content | {"before_ends_at": "2020-01-01T00:00:00+00:00"}
    row.advance()
    row.save()
    with pytest.raises(CommandError, match=r"mismatch.*do not have the digest"):
        verify(made)
    row.digest = queries.digest_of(row.content)
    row.advance()
    row.save()
    with pytest.raises(CommandError, match=r"mismatch.*another digest"):
        verify(made)
    assert queries.proof(row).fault == queries.Fault.EVENT


@pytest.mark.parametrize(
    ("sql", "value", "why"),
    [
        ("starts_on = %s", "2026-05-25", "another time"),
        ("kind = %s", "monthly", "another time"),
        ("until = %s", "2026-06-03T00:00:00Z", "another time"),
        ("made_at = %s", "2026-06-09T00:00:00Z", "another time"),
        ("digest = %s", "0" * 64, "do not have the digest"),
        ("sealed = %s", b"nonsense", "does not open"),
    ],
)
def test_a_row_that_was_changed_is_found(sql, value, why):
    made = reporting.report()
    altered(made, sql, value)
    with pytest.raises(CommandError, match=f"mismatch.*{why}"):
        verify(made)


def test_a_report_that_the_trail_does_not_know_is_found():
    made = reporting.report()
    foreign = AuditReport(
        kind="weekly", starts_on=WEEK.starts_on, ends_on=WEEK.ends_on, zone=WEEK.zone,
        until=NOON, made_at=made.made_at, state=State.READY,
    )  # fmt: skip
    foreign.content = made.content | queries.head(foreign, made.made_at)
    foreign.digest = queries.digest_of(foreign.content)
    foreign.save()
    with pytest.raises(CommandError, match=r"mismatch.*no event"):
        verify(foreign)


def test_one_that_is_not_made_or_not_there_is_said_so(officer):
    row = reports.ask(kind="weekly", is_running=False, by=officer)
    with pytest.raises(CommandError, match="not made yet"):
        verify(row)
    row.pk = officer.pk
    with pytest.raises(CommandError):
        verify(row)


def test_the_numbers_are_sealed():
    reporting.store(read(purpose="PURPOSE-OF-A-TEST"))
    made = reporting.report()
    assert "PURPOSE-OF-A-TEST" in made.content["now"]["by_purpose"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM audit_auditreport r")
        assert b"PURPOSE-OF-A-TEST".hex() not in cursor.fetchone()[0]
    altered(made, "sealed = %s", b"nonsense")
    with pytest.raises(SealBroken):
        _ = AuditReport.objects.get().content
