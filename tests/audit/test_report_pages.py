"""Pages of audit reports: who reads them, who has them made, the paper, the schedule."""

import hashlib
import io
import re
from datetime import UTC, date, datetime, timedelta

import pypdf
import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from audit import tasks
from audit.models import AuditReport, ReportPaper, ReportSchedule
from audit.queries import report_pages
from audit.services import report_schedules, reports
from audit.services.report_schedules import Setting
from security.models import User
from security.sealing import files
from tests import world
from tests.audit import reporting
from tests.audit.reporting import WEEK, altered, events, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


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
        ("en", ["Weeklyauditreport", "Nogroundnamed", "Careteam"]),
        ("zh", ["审计周报", "未记录依据", "医疗团队"]),
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


def test_a_paper_is_set_once_kept_sealed_and_given_out_as_it_was_set(officer, settings, tmp_path):
    made = reporting.report()
    first = browser(officer).get(f"/audit/reports/{made.pk}/pdf/en/").content
    row = ReportPaper.objects.get()
    assert (row.report, row.language, row.digest) == (made, "en", hashlib.sha256(first).hexdigest())
    assert b"%PDF" not in files.path_of(row.file_id).read_bytes()
    (event,) = events("audit.report_paper.kept")
    assert event.fields == ["language:en", f"sha256:{row.digest}"]
    # Whatever sets it now, what leaves is what was set then.
    settings.FONTS_DIR = tmp_path
    assert browser(officer).get(f"/audit/reports/{made.pk}/pdf/en/").content == first
    files.remove(row.file_id)
    assert browser(officer).get(f"/audit/reports/{made.pk}/pdf/en/").status_code == 403


def test_what_was_altered_is_set_with_a_warning_and_not_kept(officer):
    made = reporting.report()
    reporting.altered(made, "digest = repeat('0', 64)")
    text = text_of(browser(officer).get(f"/audit/reports/{made.pk}/pdf/en/").content)
    assert "Itsnumbersprovenothing" in text
    assert not ReportPaper.objects.exists()


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
