"""The posture: each check finds what is wrong, and every answer is dated evidence."""

import io
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit import posture as of_the_trail
from audit.models import Event, RecordCheck
from audit.queries import records
from security import posture, tasks, trail
from security.models import Backup, Evidence
from security.posture import advisories, people_checks, registry, settings_checks
from security.posture.registry import Judgement, Note, Outcome
from security.sealing import keyring
from security.services import posture as deeds
from tests import world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
CHECKS = {
    "settings",
    "migrations",
    "certificates",
    "keys",
    "factors",
    "advisories",
    "backups",
    "database",
    "records",
}
GOOD, WARN, BAD, UNKNOWN = Outcome.GOOD, Outcome.WARN, Outcome.BAD, Outcome.UNKNOWN


def queries(browser, url):
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url, secure=True).status_code == 200
    return len(captured)


def codes(judgement):
    return {note.code for note in judgement.notes}


SAFE = {
    "DEBUG": False, "DEMO": False, "SECURE_SSL_REDIRECT": True, "SECURE_HSTS_SECONDS": 31536000, "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True, "ALLOWED_HOSTS": ["clinic.example"], "CLAMD_URL": "tcp://scanner:3310",
}  # fmt: skip


@pytest.fixture
def safe(settings):
    for name, value in SAFE.items():
        setattr(settings, name, value)
    return settings


def test_safe_settings_are_in_order(safe):
    assert settings_checks.judge_settings().outcome == GOOD


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("DEBUG", True, BAD),
        ("SECURE_SSL_REDIRECT", False, BAD),
        ("SECURE_HSTS_SECONDS", 60, BAD),
        ("SESSION_COOKIE_SECURE", False, BAD),
        ("SESSION_COOKIE_HTTPONLY", False, BAD),
        ("ALLOWED_HOSTS", ["*"], BAD),
        ("ALLOWED_HOSTS", [], BAD),
        ("SECRET_KEY", "short", BAD),
        ("CONTENT_SECURITY_POLICY", {"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}}, BAD),
        ("STAFF_IDLE_SECONDS", 86400, BAD),
        ("STEP_UP_SECONDS", 0, BAD),
        ("CELERY_ACCEPT_CONTENT", ["json", "pickle"], BAD),
        ("AUDITLOG_MASK_CALLABLE", None, BAD),
        ("CLAMD_URL", "", WARN),
    ],
)
def test_an_unsafe_setting_is_named_and_its_value_is_not(safe, name, value, outcome):
    setattr(safe, name, value)
    judged = settings_checks.judge_settings()
    assert judged.outcome == outcome
    assert {"name": name} in [note.facts for note in judged.notes]


def test_a_pending_migration_is_named(monkeypatch):
    assert settings_checks.judge_migrations().outcome == GOOD
    late = SimpleNamespace(app_label="patients", name="0099_late")
    executor = mock.Mock(return_value=mock.Mock(migration_plan=lambda _: [(late, False)]))
    monkeypatch.setattr(settings_checks, "MigrationExecutor", executor)
    judged = settings_checks.judge_migrations()
    assert (judged.outcome, judged.notes[0].facts) == (BAD, {"name": "patients.0099_late"})


def certificate(path, begins, ends):
    key, name = Ed25519PrivateKey.generate(), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=ends, hours=1))
        .sign(key, None)
    )  # fmt: skip
    path.write_bytes(made.public_bytes(Encoding.PEM))
    return str(path)


@pytest.mark.parametrize(
    ("begins", "ends", "outcome", "code"),
    [
        (-9, 90, GOOD, "ends"),
        (-9, 12, WARN, "ends"),
        (-9, -2, BAD, "expired"),
        (2, 90, BAD, "not_yet"),
    ],
)
def test_a_certificate_is_judged_by_its_days(settings, tmp_path, begins, ends, outcome, code):
    settings.POSTURE_CERTIFICATES = [certificate(tmp_path / "web.pem", begins, ends)]
    judged = settings_checks.judge_certificates()
    assert (judged.outcome, judged.notes[0].code) == (outcome, code)


def test_a_certificate_that_can_not_be_read_is_not_in_order(settings, tmp_path):
    (tmp_path / "web.pem").write_text("nonsense")
    for path in ("/nowhere.pem", str(tmp_path / "web.pem")):
        settings.POSTURE_CERTIFICATES = [path]
        assert settings_checks.judge_certificates().outcome == BAD
    settings.POSTURE_CERTIFICATES = []
    assert settings_checks.judge_certificates().outcome == UNKNOWN


def test_root_keys_are_judged_by_age_and_presence(settings, tmp_path, django_assert_num_queries):
    world.person("nurse")
    assert people_checks.judge_keys().outcome == GOOD
    with mock.patch.object(
        people_checks.timezone, "now", return_value=datetime.now(UTC) + timedelta(days=400)
    ):
        assert people_checks.judge_keys().outcome == WARN
    ring = keyring.installed()
    with mock.patch.object(
        people_checks.keyring, "read", return_value=keyring.Keyring(2, {}, 1, ring.index_roots)
    ):
        assert "gone" in codes(people_checks.judge_keys())
    settings.KEYRING_PATH = Path("/nowhere")
    assert codes(people_checks.judge_keys()) == {"unreadable"}


def test_accounts_without_a_second_factor_are_counted():
    people = [world.person("nurse") for _ in range(3)]
    world.factor_of(people[0])
    judged = people_checks.judge_factors()
    assert (judged.outcome, judged.notes[0].facts) == (WARN, {"with": 1, "total": 3})
    for one in people[1:]:
        world.factor_of(one)
    assert people_checks.judge_factors().outcome == GOOD


@pytest.mark.parametrize(("hours", "outcome"), [(1, GOOD), (30, WARN), (50, BAD)])
def test_backups_are_judged_by_the_newest_good_one(hours, outcome):
    assert codes(people_checks.judge_backups()) == {"none"}
    at = timezone.now() - timedelta(hours=hours)
    row = Backup.objects.create(state="good", manifest_sha256="a" * 64, started_at=at)
    assert people_checks.judge_backups().outcome == outcome
    Backup.objects.create(state="failed", fault="dump")
    assert "failed" in codes(people_checks.judge_backups())
    Backup.objects.filter(pk=row.pk).update(files_missing=1)
    assert people_checks.judge_backups().outcome == BAD


def osv(name="Django", ranges=None, **more):
    affected = {"package": {"ecosystem": "PyPI", "name": name}}
    if ranges is not None:
        affected["ranges"] = [{"type": "ECOSYSTEM", "events": ranges}]
    return {"id": "TEST-1", "affected": [affected | more.pop("affected", {})]} | more


@pytest.mark.parametrize(
    ("advisory", "is_hit"),
    [
        (osv(ranges=[{"introduced": "0"}]), True),
        (osv(ranges=[{"introduced": "0"}, {"fixed": "5.2.19"}]), False),
        (osv(ranges=[{"introduced": "0"}, {"fixed": "5.2.20"}]), True),
        (osv(ranges=[{"introduced": "5.2.20"}]), False),
        (osv(ranges=[{"introduced": "4"}, {"last_affected": "5.2.19"}]), True),
        (osv(ranges=[{"introduced": "4"}, {"last_affected": "5.2.18"}]), False),
        (osv(ranges=[{"fixed": "5.0"}, {"introduced": "4.0"}, {"introduced": "5.2"}]), True),
        (osv(affected={"versions": ["5.2.19"]}), True),
        (osv(affected={"versions": ["5.2.18"]}), False),
        (osv("dJaNgO", ranges=[{"introduced": "0"}]), True),
        (osv("other", ranges=[{"introduced": "0"}]), False),
        (osv(ranges=[{"introduced": "0"}], withdrawn="2026-01-01T00:00:00Z"), False),
        (osv(ranges=[{"introduced": "nonsense"}]), True),
    ],
)
def test_an_advisory_affects_the_versions_that_it_names(advisory, is_hit):
    assert bool(advisories.affecting([advisory], {"django": "5.2.19"})) is is_hit


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: one, lambda one: {"vulns": [one]}])
def test_advisories_come_out_of_a_file_of_the_operator(settings, tmp_path, wrap):
    path = tmp_path / "osv.json"
    path.write_text(json.dumps(wrap(osv("Celery", ranges=[{"introduced": "0"}]))))
    settings.POSTURE_ADVISORIES = str(path)
    judged = people_checks.judge_advisories()
    assert judged.outcome == BAD
    assert judged.notes[0].facts["package"] == "celery"
    path.write_text("[]")
    assert people_checks.judge_advisories().outcome == GOOD
    os.utime(path, (time.time() - 40 * 86400,) * 2)
    assert people_checks.judge_advisories().outcome == WARN


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[1]", '[{"id": 1}]', '{"vulns": 3}', '[{"id": "a", "affected": {}}]']
)
def test_a_file_that_holds_no_advisories_is_not_in_order(settings, tmp_path, text):
    path = tmp_path / "osv.json"
    path.write_text(text)
    settings.POSTURE_ADVISORIES = str(path)
    assert people_checks.judge_advisories().outcome == BAD
    settings.POSTURE_ADVISORIES = "/nowhere"
    assert people_checks.judge_advisories().outcome == BAD
    settings.POSTURE_ADVISORIES = ""
    assert people_checks.judge_advisories().outcome == UNKNOWN


def test_the_role_of_the_application_may_not_rewrite_the_trail():
    judged = of_the_trail.judge_database()
    assert (judged.outcome, judged.notes[0].facts["role"]) == (GOOD, "custodia_app")


def test_records_are_judged_by_their_last_comparison():
    assert codes(of_the_trail.judge_records()) == {"never"}
    now = timezone.now()
    row = RecordCheck.objects.create(state="clean", finished_at=now, rows_done=7)
    assert of_the_trail.judge_records().outcome == GOOD
    RecordCheck.objects.filter(pk=row.pk).update(finished_at=now - timedelta(hours=60))
    assert of_the_trail.judge_records().outcome == WARN
    RecordCheck.objects.create(state="found", finished_at=now, findings_count=2)
    assert of_the_trail.judge_records().outcome == BAD


# --- evidence -------------------------------------------------------------------------------


@pytest.fixture
def one_check(monkeypatch):
    """Let there be one check, whose answer a test gives."""
    answer = {"note": Note(GOOD, "fine", {})}
    check = posture.Check("only", "The only check", "Something", lambda: Judgement([answer["note"]]), {"fine": "Fine.", "wrong": "%(count)d wrong."})  # fmt: skip
    monkeypatch.setattr(registry, "_checks", {"only": check})
    return answer


def test_every_check_is_there_and_leaves_evidence_with_states():
    assert {check.key for check in posture.checks()} >= CHECKS
    rows = deeds.collect()
    assert {row.check_key for row in rows} == {check.key for check in posture.checks()}
    event = Event.objects.get(action="security.evidence.collected")
    assert sum(event.counts.values()) == len(rows)
    assert not list(records.verify_rows(Evidence.objects.all()))


def test_every_note_of_every_check_has_its_sentence():
    for check in posture.checks():
        for note in check.judge().stored():
            assert check.sentence(note) != note["code"]


def test_since_is_kept_while_the_answer_stays_and_what_gets_worse_is_an_event(one_check):
    first = deeds.collect()[0]
    second = deeds.collect()[0]
    assert (second.since, second.outcome) == (first.since, GOOD)
    assert not Event.objects.filter(action="security.posture.worsened").exists()
    one_check["note"] = Note(BAD, "wrong", {"count": 3})
    third = deeds.collect()[0]
    assert third.since == third.checked_at > first.since
    assert Event.objects.get(action="security.posture.worsened").fields == ["only"]
    deeds.collect()
    assert Event.objects.filter(action="security.posture.worsened").count() == 1


def test_a_check_that_fails_is_not_in_order_and_stops_no_other(one_check, monkeypatch):
    broken = posture.Check(
        "broken", "Broken", "Something", mock.Mock(side_effect=ZeroDivisionError), {}
    )
    monkeypatch.setitem(registry._checks, "broken", broken)
    rows = {row.check_key: row for row in deeds.collect()}
    assert (rows["broken"].outcome, rows["only"].outcome) == (BAD, GOOD)
    assert "ZeroDivisionError" in broken.sentence(rows["broken"].notes[0])


def test_evidence_and_its_event_roll_back_together(one_check, monkeypatch):
    monkeypatch.setattr(trail, "record", mock.Mock(side_effect=RuntimeError))
    with pytest.raises(RuntimeError):
        deeds.collect()
    assert not Evidence.objects.exists()


def test_the_command_prints_each_check_and_fails_with_one_that_is_not_in_order(one_check):
    out = io.StringIO()
    call_command("posture", stdout=out)
    assert "good     The only check (" in out.getvalue()
    assert "Fine." in out.getvalue()
    one_check["note"] = Note(BAD, "wrong", {"count": 3})
    with pytest.raises(SystemExit, match="1"):
        call_command("posture", stdout=out)
    assert "3 wrong." in out.getvalue()


def test_the_nightly_task_collects(one_check):
    tasks.check_posture()
    assert Event.objects.get(action="security.evidence.collected").system == "security.posture"


# --- pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["administrator", "compliance_officer", "auditor"])
def test_who_answers_for_it_sees_it(one_check, role):
    browser = cast.browser(cast.staff(role))
    assert "Nothing was checked yet" in cast.words(
        browser.get(reverse("security:posture"), secure=True)
    )
    deeds.collect()
    words = cast.words(browser.get(reverse("security:posture"), secure=True))
    for word in ("The only check", "Fine.", "So since", "Looked at: Something", "1 of 1 in order"):
        assert word in words, word
    words = cast.words(browser.get(reverse("security:posture_check", args=["only"]), secure=True))
    assert "Fine." in words
    assert (
        browser.get(reverse("security:posture_check", args=["other"]), secure=True).status_code
        == 404
    )


def test_nobody_else_sees_it(client):
    urls = [reverse("security:posture"), reverse("security:posture_check", args=["settings"])]
    for url in urls:
        assert cast.browser(cast.staff("physician")).get(url, secure=True).status_code == 403
        assert cast.browser(world.person(kind="patient")).get(url, secure=True).status_code == 404
        assert client.get(url, secure=True).status_code == 302


def test_who_may_change_something_checks_now(one_check):
    url = reverse("security:posture_run")
    assert cast.browser(cast.staff("auditor")).post(url, secure=True).status_code == 403
    assert not Evidence.objects.exists()
    officer = cast.staff("compliance_officer")
    assert cast.browser(officer).post(url, secure=True).status_code == 302
    assert Event.objects.get(action="security.evidence.collected").actor_id == officer.pk
    assert Evidence.objects.count() == 1


def test_one_and_ten_results_take_the_same_queries_and_a_long_history_goes_on(one_check):
    browser, url = (
        cast.browser(cast.staff("administrator")),
        reverse("security:posture_check", args=["only"]),
    )
    deeds.collect()
    few = queries(browser, url)
    for _ in range(9):
        deeds.collect()
    assert queries(browser, url) == few
    for _ in range(25):
        deeds.collect()
    page = browser.get(url, secure=True)
    rest = browser.get(url + page.context["next_url"], secure=True)
    assert len(page.context["found"]) + len(rest.context["found"]) == 35
