"""Exports under attack: lost roles, written states, broken rows, workers that meet."""

import dataclasses
from datetime import timedelta

import pytest
from django.utils import timezone

from patients.models import Patient
from security import tasks
from security.exports import registry
from security.models import Export, User
from security.services import exports, roles
from tests.patients import cast
from tests.security.exporting import HERE, asked, ready, taken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def doctor():
    return cast.staff("physician")


@pytest.fixture
def officer():
    return cast.staff("compliance_officer")


@pytest.fixture
def mine(doctor):
    rows = [
        cast.patient(names=[{"text": "=SUM(A1)"}], record_number="R-1"),
        cast.patient("王", "芳", record_number="R-2"),
    ]
    cast.care(doctor, *rows)
    cast.patient("Stranger", record_number="R-3")
    return rows


def test_who_lost_the_role_after_the_file_was_made_does_not_get_it(doctor, officer, mine):
    row = ready(doctor, officer)
    admin = cast.staff("administrator")
    with cast.acting(admin):
        roles.end(assignment=doctor.role_assignments.get(), by=admin)
    with pytest.raises(exports.NotAllowed):
        taken(row, User.objects.get(pk=doctor.pk))


def test_what_nobody_approved_is_not_prepared_although_its_state_says_so(doctor):
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
        row.state = "approved"
        row.advance()
        row.save()
        with pytest.raises(exports.NotOpen):
            exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)


@pytest.mark.parametrize("since", [" 2020-01-01 ", "2020-1-1", ""])
def test_what_narrows_an_export_is_read_as_its_form_reads_it(doctor, officer, mine, since):
    assert ready(doctor, officer, parameters={"since": since}).state == "ready"


def test_what_narrows_an_export_and_is_nonsense_ends_it(doctor, officer, mine, folder):
    assert ready(doctor, officer, parameters={"since": "yesterday"}).state == "refused"
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_row_that_does_not_open_keeps_neither_its_file_nor_another_row_from_their_end(
    doctor, officer, mine, folder, django_capture_on_commit_callbacks
):
    rows = [ready(doctor, officer) for _ in range(2)]
    for row in rows:
        row.expires_at = timezone.now()
        row.advance()
        row.save()
    cast.break_seal(rows[0], "sealed")
    with cast.acting(doctor), django_capture_on_commit_callbacks(execute=True):
        assert exports.sweep() == 1
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert Export.objects.get(pk=rows[1].pk).state == "over"


def test_two_workers_at_one_export_leave_one_file(doctor, officer, mine, monkeypatch, folder):
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
    with cast.acting(doctor):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)
        with pytest.raises(exports.NotOpen):
            exports.prepare(export_id=row.pk, sign_in_ref="elsewhere", by=doctor)
    real = registry.exporters["patients"]

    def rows(user, parameters):
        monkeypatch.setitem(registry.exporters, "patients", real)
        assert exports.produce(export_id=row.pk).state == "ready"
        yield from real.rows(user, parameters)

    monkeypatch.setitem(registry.exporters, "patients", dataclasses.replace(real, rows=rows))
    assert exports.produce(export_id=row.pk) is None
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1
    assert Export.objects.get().sign_in_ref == HERE
    assert taken(Export.objects.get(), doctor)


def test_what_was_begun_is_handed_out_once_and_over_after_a_day(doctor, officer, monkeypatch):
    given = []
    monkeypatch.setattr(tasks.produce_export, "delay", given.append)
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
    with cast.acting(doctor):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)
    Export.objects.update(moved_at=timezone.now() - timedelta(minutes=2))
    tasks.sweep_exports()
    tasks.sweep_exports()
    assert given == [str(row.pk)]
    row = Export.objects.get()
    row.decided_at -= timedelta(hours=25)
    row.advance()
    row.save()
    tasks.sweep_exports()
    assert Export.objects.get().state == "over"


def test_a_confidential_chart_that_nothing_opens_is_in_no_list():
    desk, officer = cast.staff("finance"), cast.staff("compliance_officer")
    cast.patient(record_number="R-8")
    cast.patient(record_number="R-9", confidentiality=Patient.Confidentiality.VIP)
    with cast.acting(desk) as here:
        row = exports.request(asked=asked(purpose=here.purpose), by=desk)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
    with cast.acting(desk):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=desk)
    text = taken(exports.produce(export_id=row.pk), desk).decode()
    assert "R-8" in text
    assert "R-9" not in text
