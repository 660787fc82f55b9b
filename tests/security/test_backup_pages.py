"""The pages of backups: who sees them, what they show, and asking for a backup now."""

from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from audit.models import Event
from audit.queries import records
from security import tasks, trail
from security.models import Backup
from security.services import backups
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
State = Backup.State


@pytest.fixture
def administrator():
    return cast.browser(cast.staff("administrator"))


@pytest.fixture
def handed_out(monkeypatch):
    delay = mock.Mock()
    monkeypatch.setattr(tasks.make_backup, "delay", delay)
    return delay


def made(**more):
    fields = {
        "state": State.GOOD, "finished_at": timezone.now(), "name": "20261124T014000Z-0a1b2c3d",
        "manifest_sha256": "a" * 64, "records_bytes": 2048, "files_bytes": 1024, "rows_count": 77, "files_count": 3,
    }  # fmt: skip
    return Backup.objects.create(**(fields | more))


def queries(browser, url):
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url, secure=True).status_code == 200
    return len(captured)


def shown(browser):
    return browser.get(reverse("security:backups"), secure=True)


def test_the_empty_page_says_what_comes(administrator, settings):
    settings.BACKUP_DIR = "/somewhere"
    words = cast.words(shown(administrator))
    assert "No backups yet" in words
    assert "There is no good backup yet" in words
    settings.BACKUP_DIR = ""
    assert "Backups are not set up" in cast.words(shown(administrator))


def test_the_history_shows_sizes_durations_and_why_one_failed(administrator):
    made(files_missing=2)
    Backup.objects.create(
        state=State.FAILED, fault=Backup.Fault.NO_SPACE, finished_at=timezone.now()
    )
    words = cast.words(shown(administrator))
    for word in ("77 rows", "3 files", "3.0 KB", "took 0.", "There is not enough room", "20261124T014000Z-0a1b2c3d",
                 "2 files that rows name were not there"):  # fmt: skip
        assert word in words, word


@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("physician", 403), ("compliance_officer", 403), ("receptionist", 403)])  # fmt: skip
def test_who_else_sees_it(role, status):
    assert shown(cast.browser(cast.staff(role))).status_code == status


def test_a_patient_and_a_stranger_see_nothing(client):
    patient = cast.browser(cast.world.person(kind="patient"))
    assert shown(patient).status_code == 404
    assert shown(client).status_code == 302


def test_only_administrators_ask_for_one_and_with_a_fresh_factor(administrator, handed_out):
    url = reverse("security:backup_run")
    assert cast.browser(cast.staff("auditor")).post(url, secure=True).status_code == 403
    assert cast.stale(administrator).post(url, secure=True).status_code == 302
    assert not Backup.objects.exists()
    handed_out.assert_not_called()
    assert administrator.get(url, secure=True).status_code == 405


def test_a_backup_that_is_asked_for_waits_for_the_worker_with_an_event(administrator, handed_out):
    answer = administrator.post(reverse("security:backup_run"), secure=True)
    assert answer.status_code == 302
    row = Backup.objects.get()
    assert row.state == State.WAITING
    handed_out.assert_called_once_with(str(row.pk))
    assert Event.objects.get(action="security.backup.requested").object_id == row.pk
    assert not list(records.verify_rows([row]))
    assert administrator.post(reverse("security:backup_run"), secure=True).status_code == 403
    assert Backup.objects.count() == 1
    words = cast.words(shown(administrator))
    assert "Waiting" in words
    assert f"Asked for by {row.requested_by.handle}" in words


def test_asking_and_its_event_roll_back_together(monkeypatch):
    who = cast.staff("administrator")
    monkeypatch.setattr(trail, "record", mock.Mock(side_effect=RuntimeError))
    with pytest.raises(RuntimeError):
        backups.request(by=who)
    assert not Backup.objects.exists()


def test_while_the_queue_is_down_it_waits_for_the_sweep(administrator, handed_out):
    handed_out.side_effect = OperationalError
    administrator.post(reverse("security:backup_run"), secure=True)
    row = Backup.objects.get()
    assert "as soon as the worker is back" in cast.words(shown(administrator))
    handed_out.reset_mock(side_effect=True)
    Backup.objects.update(started_at="2020-01-01T00:00:00Z")
    tasks.sweep()
    handed_out.assert_called_once_with(str(row.pk))


def test_a_task_that_was_handed_out_twice_makes_one_backup():
    row = made()
    tasks.make_backup(str(row.pk))
    assert Backup.objects.get().pk == row.pk


def test_the_row_of_a_running_backup_looks_again_and_a_finished_one_does_not(administrator):
    running = Backup.objects.create(stage=Backup.Stage.RECORDS, bytes_done=5_000_000)
    page = administrator.get(reverse("security:backup", args=[running.pk]), secure=True)
    assert 'hx-trigger="every 2s"' in page.content.decode()
    assert "4.8 MB so far" in cast.words(page)
    page = administrator.get(reverse("security:backup", args=[made().pk]), secure=True)
    assert "hx-trigger" not in page.content.decode()
    assert "HX-Refresh" not in page
    url = reverse("security:backup", args=[made().pk])
    asked = administrator.get(url, secure=True, headers={"HX-Request": "true"})
    assert asked["HX-Refresh"] == "true"
    absent = administrator.get(
        reverse("security:backup", args=[cast.staff("nurse").pk]), secure=True
    )
    assert absent.status_code == 404


def test_one_and_ten_backups_take_the_same_queries(administrator):
    made(requested_by=cast.staff("administrator"))
    few = queries(administrator, reverse("security:backups"))
    for _ in range(9):
        made(requested_by=cast.staff("administrator"))
    assert queries(administrator, reverse("security:backups")) == few


def test_a_long_history_goes_on(administrator):
    first = made(name="20200101T000000Z-00000000")
    for _ in range(31):
        made()
    page = shown(administrator)
    assert page.context["next_url"]
    rest = administrator.get(reverse("security:backups") + page.context["next_url"], secure=True)
    assert first.name in cast.words(rest)
    assert (
        administrator.get(reverse("security:backups") + "?after=x", secure=True).status_code == 200
    )
