"""The command brings in what is good, says in one line each what is not, and sums up."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError

from audit.models import Event
from patients.fhir.parsing import parse
from patients.management.commands import import_fhir
from patients.models import CareRelationship, Condition, Patient, Practitioner, TeamAssignment
from patients.services import imports
from security import trail
from security.models import Membership, Unit
from security.services import roles, users
from tests.patients import bundles
from tests.patients.bundles import bundle, doctor, patient, problem, visit
from tests.patients.importing import fingerprint
from tests.patients.test_fhir_sources import tar, write_zeros, zipped

pytestmark = pytest.mark.django_db


def run(*arguments: Path | str) -> tuple[int, list[str], list[str]]:
    """Run the command; return its exit code, what it said and what it complained of."""
    out, complaints = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("import_fhir", *map(str, arguments), stdout=out, stderr=complaints)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, out.getvalue().splitlines(), complaints.getvalue().splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "anna.json").write_text(bundles.text_of(bundles.english()))
    (tmp_path / "xiaoming.json").write_text(bundles.text_of(bundles.chinese()))
    return tmp_path


BROKEN: dict[str, Any] = {
    "truncated": bundles.text_of(bundles.english())[:-700],
    "no json": "Dear colleague, please find enclosed",
    "empty": "",
    "r5": bundle(patient(), visit(**{"class": [{"coding": []}]})),
    "dstu2": bundle(patient(name=[{"family": ["Winterbottom"]}])),
    "single resource": patient()["resource"],
    "lines": bundles.text_of(patient()["resource"]) + "\n" + bundles.text_of(doctor()["resource"]),
    "searchset": bundle(patient(), kind="searchset"),
    "no date": bundle(patient(birthDate="2020-13-45")),
    "future": bundle(patient(birthDate="2199-01-01")),
    "gender": bundle(patient(gender="F")),
    "no patient": bundle(problem(of="nobody")),
    "deep": '{"resourceType":' * 5000,
    "nan": '{"resourceType": "Bundle", "type": NaN}',
    "nul": bundles.text_of(bundle(patient(gender="\\u0000"))).replace("\\\\u", "\\u"),
    "half a character": bundles.text_of(bundle(doctor(gender="\\ud800"))).replace("\\\\u", "\\u"),
    "twice": '{"resourceType": "Bundle", "resourceType": "Bundle"}',
    "huge number": '{"resourceType": "Bundle", "total": ' + "9" * 10_000 + "}",
    "casing": bundle({"resource": {"resourceType": "patient", "id": bundles.uid("x")}}),
    "negative age": bundle(patient(), problem(encounter=bundles.EMPTY, onsetDateTime=bundles.EMPTY,
                                              onsetAge={"value": -4})),
}  # fmt: skip


def test_everything_good_comes_in(folder: Path) -> None:
    code, said, complaints = run(folder)

    entries = len(bundles.english()["entry"]) + len(bundles.chinese()["entry"])
    assert (code, complaints) == (0, [])
    assert said[0].startswith(f"Imported: 2 bundles, 0 refused; {entries} entries: {entries} new")
    assert Patient.objects.count() == 2


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_bad_file_ends_in_one_line_and_the_others_come_in(folder: Path, content: Any) -> None:
    text = content if isinstance(content, str) else bundles.text_of(content)
    (folder / "bad.json").write_text(text)

    code, said, complaints = run(folder)

    assert code == 1
    assert len(complaints) == 1
    assert complaints[0].startswith(f"Refused {folder / 'bad.json'}: ")
    assert "Winterbottom" not in complaints[0]
    assert said[0].startswith("Imported: 2 bundles, 1 refused;")
    assert Patient.objects.count() == 2


@pytest.mark.parametrize("name", ["zeros.zip", "zeros.tar.xz"])
def test_a_gigabyte_of_zeros_ends_in_one_line(tmp_path: Path, name: str) -> None:
    code, said, complaints = run(write_zeros(tmp_path / name))

    assert (code, len(complaints)) == (1, 1)
    assert said[0].startswith("Imported: 0 bundles, 1 refused; 0 entries")
    assert not Patient.objects.exists()


def test_a_path_that_is_not_there_ends_in_one_line(tmp_path: Path) -> None:
    code, _said, complaints = run(tmp_path / "absent.json", tmp_path)

    assert code == 1
    assert [line.rsplit(": ")[-1] for line in complaints] == [
        "There is no such file or folder.",
        "The folder holds no bundle.",
    ]


def test_archives_come_in_like_folders(tmp_path: Path) -> None:
    english = bundles.text_of(bundles.english()).encode()
    chinese = bundles.text_of(bundles.chinese()).encode("utf-16")
    one = zipped(tmp_path / "a.zip", {"a.json": english, "b.json": b"{"})
    two = tar(tmp_path / "b.tar.xz", {"a.json": chinese, "c.json": english})

    code, said, complaints = run(one, two)

    assert (code, len(complaints)) == (1, 1)
    assert complaints[0].startswith(f"Refused {one}:b.json: ")
    assert said[0].startswith("Imported: 3 bundles, 1 refused;")
    assert Patient.objects.count() == 2


def test_a_second_run_changes_nothing(folder: Path) -> None:
    run(folder)
    before = fingerprint()

    code, said, _complaints = run(folder)

    assert code == 0
    assert ": 0 new, 0 changed," in said[0]
    assert fingerprint() == before


def test_a_run_that_was_stopped_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_in = imports.bring_in

    def stopped(**options: Any) -> Any:
        if Patient.objects.exists():
            raise KeyboardInterrupt
        return bring_in(**options)

    monkeypatch.setattr(imports, "bring_in", stopped)
    code, _said, complaints = run(folder)
    assert (code, complaints) == (130, ["Stopped. Run it again to go on."])
    assert Patient.objects.count() == 1
    monkeypatch.undo()

    _code, said, _complaints = run(folder)

    first = len(bundles.english()["entry"])
    assert f"new, 0 changed, {first} unchanged" in said[0]
    assert Patient.objects.count() == 2


def test_a_dry_run_tells_and_keeps_nothing(folder: Path) -> None:
    (folder / "bad.json").write_text("{")
    before = fingerprint()

    code, said, complaints = run(folder, "--dry-run")

    assert (code, len(complaints)) == (1, 1)
    assert said[0].startswith("Would be imported: 2 bundles, 1 refused;")
    assert fingerprint() == before


def test_a_refused_bundle_is_an_event_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "Anna_Winterbottom.json").write_text(bundles.text_of(bundle(patient(gender="F"))))

    run(tmp_path)

    event = Event.objects.get(action="patients.bundle.imported")
    assert (event.outcome, event.system, event.counts) == ("failed", "import_fhir", {"entries": 1})
    assert event.subjects == []


def test_many_problems_of_one_file_are_cut_short(tmp_path: Path) -> None:
    wrong = [problem(f"p{number}", onsetDateTime="soon") for number in range(30)]
    (tmp_path / "a.json").write_text(bundles.text_of(bundle(patient(), *wrong)))

    _code, _said, complaints = run(tmp_path)

    assert len(complaints) == import_fhir.PROBLEMS_SHOWN + 1
    assert complaints[0].endswith("entry[1] Condition.onsetDateTime: not a FHIR date or instant")
    assert complaints[-1].endswith("10 more problems")


def test_what_the_database_refuses_ends_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**options: Any) -> None:
        raise DataError("value of Anna Winterbottom out of range")

    monkeypatch.setattr(imports, "bring_in", broken)
    code, _said, complaints = run(folder / "anna.json")

    assert (code, len(complaints)) == (1, 1)
    assert "Winterbottom" not in complaints[0]


def test_patients_that_nobody_looks_after_are_named_by_their_ids(folder: Path) -> None:
    _code, said, _complaints = run(folder)
    _code, quietly, _complaints = run(folder, "--quiet")

    ids = {str(pk) for pk in Patient.objects.values_list("pk", flat=True)}
    assert said[-3] == "Patients without a responsible doctor or team: 2."
    assert {line.strip() for line in said[-2:]} == ids
    assert quietly[-1] == "Patients without a responsible doctor or team: 2."


@pytest.fixture
def iris() -> Any:
    """Return a physician who works here and stands in the directory."""
    with trail.acting_for(system="tests", purpose="HOPERAT"):
        roles.sync_groups()
        user = users.create(
            kind="staff", display_name="Iris Brook", email="iris@house.example", by=None
        )
        roles.grant(user=user, role="physician", by=None)
        Practitioner.objects.create(identity=f"{bundles.NPI}|4711", user=user)
        team = Unit.objects.create(name="Ward Two", name_zh="二病区", kind=Unit.Kind.TEAM)
        Membership.objects.create(user=user, unit=team)
    return user


def test_doctors_who_work_here_are_given_the_patients_they_saw(folder: Path, iris: Any) -> None:
    _code, said, _complaints = run(folder)

    row = CareRelationship.objects.get()
    seen = Condition.objects.get(encounter__practitioner__user=iris).patient_id
    assert (row.user, row.patient_id, row.source) == (iris, seen, "import")
    assert "Patients without a responsible doctor or team: 1." in said
    run(folder)
    assert CareRelationship.objects.count() == 1


def test_a_team_is_given_every_patient(folder: Path, iris: Any) -> None:
    team = Unit.objects.get()

    _code, said, _complaints = run(folder, "--team", "二病区")

    assert TeamAssignment.objects.filter(unit=team).count() == 2
    assert CareRelationship.objects.filter(user=iris, source="team").count() == 2
    assert said[-1] == "Patients without a responsible doctor or team: 0."
    before = fingerprint()
    run(folder, "--team", "Ward Two")
    assert fingerprint() == before


def test_an_unknown_team_stops_the_run_before_it_begins(folder: Path) -> None:
    with pytest.raises(CommandError, match="no care team"):
        call_command("import_fhir", str(folder), team="Ward Nine")

    assert not Patient.objects.exists()


@pytest.mark.slow
def test_the_sample_bundles_come_in_whole(tmp_path: Path) -> None:
    files = bundles.sample_files()
    if not files:
        pytest.skip("no sample data here")
    for file in files[::8]:
        shutil.copy(file, tmp_path)
    cut = files[1].read_text()
    (tmp_path / "cut.json").write_text(cut[: len(cut) // 2])
    entries = sum(len(parse(file.read_bytes())["entry"]) for file in files[::8])

    code, said, complaints = run(tmp_path, "--quiet")
    _code, again, _complaints = run(tmp_path, "--quiet")

    assert (code, len(complaints)) == (1, 1)
    assert f"{len(files[::8])} bundles, 1 refused; {entries} entries" in said[0]
    assert ": 0 new, 0 changed," in again[0]
    assert Patient.objects.count() == len(files[::8])


def test_the_records_hold_nothing_of_a_person_in_the_clear(folder: Path) -> None:
    run(folder)
    for model in (Patient, Condition):
        for row in model._default_manager.values():
            text = json.dumps(
                row,
                default=lambda value: (
                    bytes(value).decode("latin-1")
                    if isinstance(value, memoryview | bytes)
                    else str(value)
                ),
            )
            assert "Winterbottom" not in text
            assert "Hypertension" not in text
