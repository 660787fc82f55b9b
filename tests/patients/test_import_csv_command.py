"""Importing from the terminal goes the way of the browser."""

import io

import pytest
from django.core.management import CommandError, call_command

from patients.models import ImportBatch, Patient
from tests.patients import cast, tables

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def desk(system):
    return cast.staff("receptionist")


def run(*arguments):
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("import_csv", *map(str, arguments), "--quiet", stdout=out, stderr=err)
    except SystemExit as stop:
        code = stop.code
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(tables.text_of([tables.person(0), tables.person(1, Sex="?"), tables.person(2)]))
    return path


def test_a_file_comes_in_and_bad_rows_are_summed_up(desk, table):
    code, said, _wrong = run("patients", table, "--as", desk.handle)
    assert (code, Patient.objects.count()) == (1, 2)
    assert "3 rows, 2 new, 0 changed, 0 unchanged, 1 with errors." in said
    assert "This is none of male, female, other, unknown." in said


def test_a_dry_run_stops_after_the_check_and_undo_takes_it_back(desk, table):
    run("patients", table, "--as", desk.handle, "--dry-run")
    batch = ImportBatch.objects.get()
    assert (batch.status, Patient.objects.count()) == (ImportBatch.Status.CHECKED, 0)
    run("patients", "--resume", batch.pk, "--as", desk.handle)
    assert Patient.objects.count() == 2
    run("patients", "--undo", batch.pk, "--as", desk.handle)
    assert Patient.objects.count() == 0


def test_columns_are_matched_by_hand(desk, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text(tables.text_of([["1", "Muster"]], ("A", "B")))
    with pytest.raises(CommandError, match="record_number"):
        run("patients", path, "--as", desk.handle)
    code, _said, _wrong = run(
        "patients", path, "--as", desk.handle, "--map", "record_number=A", "--map", "family=B"
    )
    assert (code, Patient.objects.count()) == (0, 1)


def test_what_can_not_be_done_is_said_in_a_sentence(desk, table, tmp_path):
    nurse = cast.staff("nurse")
    for arguments, said in (
        (("patients", table, "--as", "nobody"), "handle"),
        (("patients", "--as", desk.handle), "Name a file"),
        (("patients", tmp_path / "none.csv", "--as", desk.handle), "none.csv"),
        (("patients", table, "--as", nurse.handle), "role"),
        (("patients", table, "--as", desk.handle, "--map", "x=y"), "no such column"),
    ):
        with pytest.raises(CommandError, match=said):
            run(*arguments)
    assert not Patient.objects.exists()
