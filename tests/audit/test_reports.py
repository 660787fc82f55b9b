"""Audit reports from the asking to the file: once, sealed, told of, checked, given out."""

import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pypdf
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from audit import tasks
from audit.models import AuditReport, Event, ReportSchedule
from audit.queries import report_names, report_pages, report_sections
from audit.queries import reports as queries
from audit.queries.report_parts import change, share
from audit.queries.report_sections import Section
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
from tests.audit.reporting import NOON, WEEK, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
State = AuditReport.State


@pytest.fixture(autouse=True)
def zone(settings):
    settings.TIME_ZONE = reporting.ZONE


@pytest.fixture
def officer() -> User:
    return world.person("compliance_officer", name="Olive Officer", email="olive@clinic.example")


@pytest.fixture
def no_worker(monkeypatch):
    """Let nothing be handed to a queue that is not there."""
    monkeypatch.setattr(tasks.work_on_reports, "delay", lambda: None)


def browser(user):
    client = world.signed_in(user, world.factor_of(user))
    client.defaults["wsgi.url_scheme"] = "https"
    return client


def events(action):
    return list(Event.objects.filter(action=action).order_by("recorded_at", "pk"))


def work(at):
    with time_machine.travel(at, tick=False):
        return tasks.work_on_reports()


# --- once ------------------------------------------------------------------------------------


def test_a_worker_that_was_away_makes_each_missed_report_once():
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
    assert len(events("audit.report.made")) == 4


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


def altered(made, sql, *values):
    """Change a stored report behind the product's back."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE audit_auditreport SET {sql} WHERE id = %s", [*values, made.pk])


def test_numbers_that_were_changed_are_found_even_with_a_digest_of_their_own():
    made = reporting.report()
    row = AuditReport.objects.get()
    row.content = row.content | {"before_ends_at": "2020-01-01T00:00:00+00:00"}
    row.advance()
    row.save()
    with pytest.raises(CommandError, match="mismatch.*do not have the digest"):
        verify(made)
    row.digest = queries.digest_of(row.content)
    row.advance()
    row.save()
    with pytest.raises(CommandError, match="mismatch.*another digest"):
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
    with pytest.raises(CommandError, match="mismatch.*no event"):
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


# --- words -----------------------------------------------------------------------------------


def words(made):
    return {one["part"].key: one["part"] for one in report_pages.report(made)["parts"]}


def test_a_report_says_what_was_counted_beside_the_period_before():
    reporting.store(
        *(read(basis="team") for _number in range(6)),
        *(read(route="patients:patient") for _number in range(2)),
        *(read(NOON - timedelta(days=7), basis="team") for _number in range(4)),
    )
    parts = words(reporting.report())
    summary = {row[0]: row[1:] for row in parts["summary"].rows}
    assert summary["Accesses to records of patients"] == ["8", "4", "+4 (+100 %)"]
    assert summary["Share of unexplained accesses by staff"] == ["25.0 %", "0.0 %", ""]
    assert parts["grounds"].rows[0] == ["Care team", "6", "4", "+2 (+50 %)"]
    assert parts["roles"].rows == [["Nurse", "8", "4", "+4 (+100 %)", "0", "0", "2"]]
    assert "Unexplained is what is left" in " ".join(parts["grounds"].notes)
    for part in parts.values():
        assert all(len(row) == len(part.heads) for row in part.rows), part.key


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(0, 0, "0"), (5, 0, "+5"), (5, 10, "−5 (−50 %)"), (1500, 1000, "+500 (+50 %)")],
)
def test_a_change_is_told_in_number_and_share(now, before, said):
    assert change(now, before) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(0, 0, "–"), (1, 4, "25.0 %"), (1, 10**6, "under 0.1 %"), (0, 9, "0.0 %")]
)  # fmt: skip
def test_a_share_of_nothing_is_a_dash(part, whole, said):
    assert share(part, whole) == said


def test_a_comparison_with_a_time_before_the_trail_says_so():
    reporting.store(read())
    made = reporting.report()
    (caution,) = report_names.cautions(made.content)
    assert "The trail begins on" in caution


def test_without_a_ledger_the_report_says_that_there_is_none():
    part = words(reporting.report())["section-ledger"]
    assert part.rows == []
    assert "No ledger was at work" in part.notes[0]


def test_another_part_of_the_product_adds_a_section(monkeypatch):
    monkeypatch.setattr(report_sections, "sections", {})
    ledger = Section(
        "ledger", "State of the ledger",
        lambda period: {"size": 12345, "state": "sealed", "sealed_at": "2026-06-07T22:00:00+00:00", "gap": False, "last": None},
        {"size": "Entries", "state": "State"}, {"sealed": "Everything is sealed"},
    )  # fmt: skip
    report_sections.register(ledger)
    with pytest.raises(ValueError, match="two sections"):
        report_sections.register(ledger)
    rows = words(reporting.report())["section-ledger"].rows
    assert sorted(rows) == sorted([
        ["Entries", "12,345"], ["State", "Everything is sealed"], ["sealed_at", "8 Jun 2026, 00:00"],
        ["gap", "No"], ["last", "–"],
    ])  # fmt: skip


# --- pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "reads", "manages"),
    [
        ("compliance_officer", 200, 302),
        ("auditor", 200, 403),
        ("physician", 403, 403),
        ("administrator", 403, 403),
    ],
)
def test_who_reads_reports_and_who_has_them_made(role, reads, manages, no_worker):
    made = reporting.report()
    client = browser(world.person(role))
    for path in ("", f"{made.pk}/", f"{made.pk}/pdf/en/"):
        assert client.get(f"/audit/reports/{path}").status_code == reads, path
    asked = client.post("/audit/reports/make/", {"which": "weekly-running"})
    assert asked.status_code == manages
    edited = client.get("/audit/reports/schedule/weekly/")
    assert edited.status_code == (403 if manages == 403 else 200)


def test_the_list_is_empty_at_first_then_names_each_report(officer):
    client = browser(officer)
    assert "No report yet" in client.get("/audit/reports/").content.decode()
    made = reporting.report()
    page = client.get("/audit/reports/").content.decode()
    assert f"/audit/reports/{made.pk}/" in page
    assert "Weekly audit report" in page
    assert "1 Jun 2026 to 7 Jun 2026" in page


def test_the_list_asks_as_many_queries_for_many_reports_as_for_one(officer):
    client = browser(officer)

    def asked(weeks):
        for number in range(weeks):
            reporting.report(_week(number + AuditReport.objects.count()))
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/audit/reports/").status_code == 200
        return len(caught)

    def _week(number):
        period = WEEK
        for _step in range(number):
            period = period.after()
        return period

    client.get("/audit/reports/")
    assert asked(1) == asked(4)


def test_a_report_shows_each_chart_with_its_table_and_how_to_check_it(officer):
    reporting.store(*(read(basis="team") for _number in range(3)))
    reporting.alert("R1", "explained")
    made = reporting.report()
    page = browser(officer).get(f"/audit/reports/{made.pk}/").content.decode()
    canvases = re.findall(r'data-chart="chart-([\w-]+)"', page)
    assert {"days", "grounds", "roles", "purposes", "alerts"} <= set(canvases)
    for key in canvases:
        section = page.split(f'aria-labelledby="part-{key}"', 1)[1].split("</section>")[0]
        assert f'id="chart-{key}"' in section
        assert "<tbody>" in section
    assert f"manage.py verify_report {made.pk}" in page
    assert made.digest in page
    assert "The same" in page
    (event,) = [
        one for one in events("security.record.read") if "audit.report.content" in one.fields
    ]
    assert event.purpose == "HCOMPL"


def test_a_report_that_was_altered_says_so_before_anything_else(officer):
    made = reporting.report()
    altered(made, "digest = %s", "0" * 64)
    page = browser(officer).get(f"/audit/reports/{made.pk}/").content.decode()
    assert "This report is not what was made" in page


def test_a_report_that_is_being_made_looks_again_and_leads_to_it(officer, no_worker):
    client = browser(officer)
    answer = client.post("/audit/reports/make/", {"which": "monthly-running"})
    row = AuditReport.objects.get()
    assert answer.url == f"/audit/reports/{row.pk}/"
    page = client.get(answer.url).content.decode()
    assert f'hx-get="/audit/reports/{row.pk}/progress/"' in page
    progress = client.get(f"/audit/reports/{row.pk}/progress/", headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in progress.content.decode()
    assert client.get(f"/audit/reports/{row.pk}/pdf/en/").status_code == 404
    reports.make(report=reports.take())
    ready = client.get(f"/audit/reports/{row.pk}/progress/", headers={"HX-Request": "true"})
    assert (ready.status_code, ready["HX-Refresh"]) == (204, "true")
    assert "running month" in client.get(answer.url).content.decode()
    (asked,) = events("audit.report.asked")
    assert (asked.actor_id, asked.object_id) == (officer.pk, row.pk)


def test_who_asks_for_a_report_that_is_made_is_led_to_it(officer, no_worker):
    client = browser(officer)
    for _number in range(2):
        answer = client.post("/audit/reports/make/", {"which": "weekly-last"}, follow=True)
        assert answer.status_code == 200
        while (row := reports.take()) is not None:
            reports.make(report=row)
    assert AuditReport.objects.count() == 1
    assert "a whole period has one report" in answer.content.decode()


@pytest.mark.parametrize("which", ["", "yearly-last", "weekly", "weekly-next"])
def test_a_time_that_there_is_not_makes_nothing(officer, no_worker, which):
    answer = browser(officer).post("/audit/reports/make/", {"which": which}, follow=True)
    assert "Choose which time" in answer.content.decode()
    assert not AuditReport.objects.exists()


def text_of(file):
    pages = pypdf.PdfReader(io.BytesIO(file)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Weeklyauditreport", "Unexplained", "Careteam"]),
        ("zh", ["审计周报", "未说明", "照护团队"]),
    ],
)
def test_the_paper_is_in_either_language_and_its_download_is_recorded(officer, language, said):
    reporting.store(*(read(basis="team") for _number in range(12)), read(route="patients:patient"))
    reporting.alert("R1", "explained")
    made = reporting.report()
    response = browser(officer).get(f"/audit/reports/{made.pk}/pdf/{language}/")
    assert (response["Content-Type"], response["Cache-Control"]) == ("application/pdf", "no-store")
    text = text_of(response.content)
    for one in (*said, made.digest, str(made.pk)):
        assert one in text, one
    (event,) = events("audit.report.downloaded")
    assert (event.purpose, event.actor_id, event.object_id) == ("HCOMPL", officer.pk, made.pk)
    assert event.fields[0] == f"language:{language}"


def test_a_report_of_a_quiet_week_is_set_as_well(officer):
    made = reporting.report()
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert report_pages.paper(made)["parts"]
    assert browser(officer).get(f"/audit/reports/{made.pk}/pdf/zh/").status_code == 200
    assert browser(officer).get(f"/audit/reports/{made.pk}/pdf/fr/").status_code == 404


def test_without_its_font_no_paper_leaves(officer, settings, tmp_path):
    made = reporting.report()
    settings.FONTS_DIR = tmp_path
    assert browser(officer).get(f"/audit/reports/{made.pk}/pdf/en/").status_code == 503
    assert not events("audit.report.downloaded")


# --- schedule --------------------------------------------------------------------------------


def post(client, **said):
    usual = {
        "version": 1, "is_on": "on", "weekday": 4, "hour": 18, "recipients": ["auditor"],
    }  # fmt: skip
    return client.post("/audit/reports/schedule/weekly/", usual | said)


def test_an_officer_changes_the_schedule_and_the_trail_knows(officer):
    assert post(browser(officer)).status_code == 302
    row = ReportSchedule.objects.get(kind="weekly")
    assert (row.weekday, row.hour, row.recipients, row.version) == (4, 18, ["auditor"], 2)
    (event,) = events("audit.report_schedule.changed")
    assert (event.actor_id, event.fields) == (officer.pk, ["weekly"])
    page = browser(officer).get("/audit/reports/").content.decode()
    assert "Every week on Friday from 18:00" in page


def test_the_second_of_two_officers_sees_both_and_decides(officer):
    client = browser(officer)
    post(client)
    late = post(client, weekday=1, version=1)
    assert late.status_code == 409
    page = late.content.decode()
    assert "Somebody changed this meanwhile" in page
    assert re.search(r"Day of the week.*Friday.*Tuesday", page, re.DOTALL)
    assert 'name="version" value="2"' in page
    assert ReportSchedule.objects.get(kind="weekly").weekday == 4
    assert post(client, weekday=1, version=2).status_code == 302
    assert ReportSchedule.objects.get(kind="weekly").weekday == 1


@pytest.mark.parametrize(
    "said",
    [{"weekday": 7}, {"hour": 24}, {"hour": ""}, {"recipients": ["nurse"]}, {"version": "x"}, {"weekday": "-1"}],
)  # fmt: skip
def test_a_time_or_role_that_does_not_fit_is_refused(officer, said):
    assert post(browser(officer), **said).status_code == 422
    assert not events("audit.report_schedule.changed")


def test_there_is_no_schedule_of_another_kind(officer):
    assert browser(officer).get("/audit/reports/schedule/yearly/").status_code == 404


def test_what_became_due_while_the_schedule_was_off_is_not_made_up_for(officer):
    off = Setting(is_on=False, weekday=0, day=1, hour=6, recipients=[])
    on = Setting(is_on=True, weekday=0, day=1, hour=6, recipients=[])
    with time_machine.travel(datetime(2026, 5, 20, 12, tzinfo=UTC), tick=False) as clock:
        report_schedules.change(kind="weekly", version=1, setting=off, by=officer)
        clock.shift(timedelta(days=14))
        report_schedules.change(kind="weekly", version=2, setting=on, by=officer)
        clock.shift(timedelta(days=7))
        reports.plan(now=timezone.now())
    weeks = AuditReport.objects.filter(kind="weekly").values_list("starts_on", flat=True)
    assert list(weeks) == [date(2026, 6, 1)]


def test_the_schedule_and_its_event_stand_or_fall_together(officer, monkeypatch):
    report_schedules.begin()

    def broken(*args, **options):
        raise RuntimeError("no trail")

    monkeypatch.setattr(report_schedules.trail, "record", broken)
    setting = Setting(is_on=False, weekday=0, day=1, hour=6, recipients=[])
    with pytest.raises(RuntimeError), transaction.atomic():
        report_schedules.change(kind="weekly", version=1, setting=setting, by=officer)
    assert ReportSchedule.objects.get(kind="weekly").is_on
