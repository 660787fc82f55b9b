"""A folder of Synthea's CSV files: every row is kept, a second time changes nothing, oddities are named."""

import csv
import io
import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from patients import models
from patients.fhir import export
from tests.patients import importing

pytestmark = pytest.mark.django_db
OWN = Path(__file__).parent / "synthea"
BESIDE = Path(settings.BASE_DIR).parent / "shared" / "data"
SAMPLE = Path(os.environ.get("CUSTODIA_SAMPLE_DATA", BESIDE)) / "synthea-csv"
MODELS = {
    "patients": models.Patient, "encounters": models.Encounter, "conditions": models.Condition,
    "allergies": models.AllergyIntolerance, "medications": models.MedicationRequest,
    "observations": models.Observation, "immunizations": models.Immunization,
    "procedures": models.Procedure, "careplans": models.CarePlan, "claims": models.Claim,
    "payer_transitions": models.Coverage, "providers": models.Practitioner,
}  # fmt: skip


def run(folder, *options):
    """Run the command; return its exit code and what it said."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_synthea_csv", str(folder), "--quiet", *options, stdout=out, stderr=err)
    except SystemExit as stop:
        return stop.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def rows_in(folder, name):
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8-sig") as file:
        return sum(1 for _row in csv.DictReader(file))


def assert_all_there(folder):
    for name, model in MODELS.items():
        assert model._default_manager.count() == rows_in(folder, name), name
    listed = rows_in(folder, "organizations") + rows_in(folder, "payers")
    assert models.Organization.objects.count() == listed


def copy(tmp_path):
    return Path(shutil.copytree(OWN, tmp_path / "folder"))


def test_every_row_of_every_file_is_kept_and_a_second_time_changes_nothing():
    code, said, _wrong = run(OWN)
    assert code == 0
    assert "0 rows refused" in said
    assert_all_there(OWN)
    before = importing.fingerprint()
    code, said, _wrong = run(OWN)
    assert (code, importing.fingerprint()) == (0, before)
    assert "0 new, 0 changed" in said


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="CUSTODIA_SAMPLE_DATA names no sample folder")
@pytest.mark.slow
def test_the_sample_folder_loses_no_row():
    code, said, _wrong = run(SAMPLE)
    assert (code, "0 rows refused" in said) == (0, True)
    assert_all_there(SAMPLE)


def test_what_rows_say_stands_in_fields(system):
    run(OWN)
    one = models.Observation.objects.all()
    values = sorted(str(row.value_number) for row in one if row.value_number is not None)
    assert values == ["141.50", "141.50"]
    assert {row.value_text for row in one if row.value_number is None} == {
        'Never smoked, "not once"'
    }
    bill = models.Claim.objects.get()
    assert (str(bill.total), bill.currency, len(bill.items)) == ("120.00", "USD", 2)
    visit = models.Encounter.objects.get(pk=bill.encounter_id)
    assert (visit.class_code, visit.practitioner.display_name) == ("AMB", "Ada Marsh")
    assert visit.organization.name == "HARBOUR CLINIC"
    cover = models.Coverage.objects.get()
    assert cover.payer_text == "Sea Mutual"
    person = next(row for row in models.Patient.objects.all() if row.sex == "female")
    assert {name.get("family") for name in person.names} == {"Winterbottom", "Lake"}


def test_cells_without_a_field_come_out_again(system):
    run(OWN)
    patient = next(row.pk for row in models.Patient.objects.all() if row.sex == "female")
    told = str(list(export.record_of(patient)))
    for cell in ("nonhispanic", "77.49", "735.40", "140.52", "CASH", "999-11-0001", "Lake"):
        assert cell in told


def test_a_dry_run_says_the_same_and_writes_nothing():
    before = importing.fingerprint()
    code, said, _wrong = run(OWN, "--dry-run")
    assert (code, "Would be imported" in said) == (0, True)
    assert importing.fingerprint() == before


def test_rows_of_nobody_and_broken_rows_are_named_and_counted(tmp_path):
    folder = copy(tmp_path)
    with (folder / "conditions.csv").open("a") as file:
        file.write(
            "2020-01-01,,00000000-0000-0000-0000-000000000000,,1,Nobody\n2020-01-01,,short\n"
        )
    code, said, wrong = run(folder)
    assert code == 1
    assert "2 rows refused" in said
    assert [line.split(":")[0].strip() for line in wrong.splitlines()] == ["conditions.csv"] * 2
    assert ("Row 4" in wrong, "Row 5" in wrong) == (True, True)
    assert models.Condition.objects.count() == rows_in(OWN, "conditions")


def test_a_patient_with_an_impossible_row_stays_out_and_the_others_come_in(tmp_path):
    folder = copy(tmp_path)
    text = (folder / "encounters.csv").read_text().replace("2020-02-28T23:00:00Z", "2020-02-31")
    (folder / "encounters.csv").write_text(text)
    code, said, wrong = run(folder)
    assert (code, models.Patient.objects.count()) == (1, 1)
    assert "2 rows refused" in said
    assert "Encounter" in wrong


def test_a_cell_over_two_lines_is_one_row(tmp_path):
    folder = copy(tmp_path)
    text = (folder / "conditions.csv").read_text()
    changed = text.replace("Essential hypertension (disorder)", '"Essential\nhypertension"')
    (folder / "conditions.csv").write_text(changed)
    code, _said, _wrong = run(folder)
    assert (code, models.Condition.objects.count()) == (0, 2)


@pytest.mark.parametrize("spoilt", ["nothing", "file", "column"])
def test_what_is_no_such_folder_is_refused_in_words(tmp_path, spoilt):
    folder = copy(tmp_path)
    if spoilt == "nothing":
        (folder / "patients.csv").unlink()
    elif spoilt == "column":
        (folder / "claims.csv").write_text("Id,WHO\n1,2\n")
    target = folder / "patients.csv" if spoilt == "file" else folder
    with pytest.raises(CommandError):
        run(target)
    assert not models.Patient.objects.exists()


def test_a_file_that_nobody_knows_is_named(tmp_path):
    folder = copy(tmp_path)
    (folder / "supplies.csv").write_text("A,B\n1,2\n")
    assert "supplies.csv is not read." in run(folder)[1]
