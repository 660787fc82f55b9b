"""A file on its way into the records: checked first, brought in by chunks, taken back on request."""

from datetime import date
from functools import partial

import pytest

from audit.models import Event
from patients.models import (
    Claim,
    Encounter,
    ImportBatch,
    ImportChunk,
    ImportMapping,
    ImportRowError,
    Patient,
    PatientIndex,
    RecordVersion,
)
from patients.services import batch_runs, batches, merges
from security.access.gate import Refused
from security.sealing import SealBroken, files
from security.services import users
from tests.patients import cast, tables

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def desk(system):
    return cast.staff("receptionist")


@pytest.fixture
def clerk(system):
    return cast.staff("finance")


def people(count):
    return tables.text_of([tables.person(number) for number in range(count)])


def test_checking_writes_nothing_and_says_what_the_import_would_do(desk):
    batch = tables.checked(desk, people(3))
    assert batch.status == ImportBatch.Status.CHECKED
    assert (batch.rows_total, *tables.counts(batch)) == (3, 3, 0, 0, 0)
    assert not Patient.objects.exists()


def test_an_import_registers_indexes_and_tells_each_chunk(desk, monkeypatch):
    monkeypatch.setattr(batch_runs, "IMPORT_ROWS", 2)
    batch = tables.brought(desk, people(5))
    assert batch.status == ImportBatch.Status.DONE
    assert tables.counts(batch) == (5, 0, 0, 0)
    assert PatientIndex.objects.filter(kind="phone").count() == 5
    written = cast.events("patients.import.rows_imported")
    assert [event.counts["created"] for event in written] == [2, 2, 1]
    assert {event.actor_id for event in written} == {desk.pk}
    with cast.acting(desk):
        row = Patient.objects.get(
            source_key__isnull=False, pk=ImportChunk.objects.latest("number").created[0]
        )
        assert (row.record_number, row.names[0]["family"], row.sex) == (
            "P-000004",
            "Muster4",
            "female",
        )


def test_the_same_file_again_changes_nothing(desk):
    tables.brought(desk, people(4))
    before = (
        Patient.objects.count(),
        Event.objects.filter(action="patients.import.rows_imported").count(),
    )
    batch = tables.brought(desk, people(4))
    assert tables.counts(batch) == (0, 0, 4, 0)
    now = (
        Patient.objects.count(),
        Event.objects.filter(action="patients.import.rows_imported").count(),
    )
    assert now == before


def test_a_row_that_says_something_new_becomes_the_next_version(desk):
    tables.brought(desk, people(2))
    rows = [tables.person(0), tables.person(1, **{"Given name": "Nora"})]
    batch = tables.brought(desk, tables.text_of(rows))
    assert tables.counts(batch) == (0, 1, 1, 0)
    assert RecordVersion.objects.count() == 1
    with cast.acting(desk):
        assert {row.names[0]["given"] for row in Patient.objects.all()} == {("Mia",), ("Nora",)}


def test_what_was_corrected_here_is_not_overwritten(desk):
    tables.brought(desk, people(1))
    with cast.acting(desk):
        row = Patient.objects.get()
        row.names = [{"use": "official", "family": "Corrected", "given": ["Here"]}]
        row.advance()
        row.save()
    batch = tables.brought(desk, tables.text_of([tables.person(0, Sex="male")]))
    assert tables.counts(batch) == (0, 0, 0, 1)
    assert [code for _row, _column, code in tables.faults(batch, "import")] == ["corrected"]


def test_undo_removes_what_was_created_and_puts_back_what_was_changed(desk):
    tables.brought(desk, people(1))
    rows = [tables.person(0, **{"Given name": "Nora"}), tables.person(1)]
    batch = tables.brought(desk, tables.text_of(rows))
    assert Patient.objects.count() == 2
    batch = tables.undone(desk, batch)
    assert (batch.status, batch.rows_kept) == (ImportBatch.Status.UNDONE, 0)
    with cast.acting(desk):
        assert [row.names[0]["given"] for row in Patient.objects.all()] == [("Mia",)]
    told = cast.events("patients.import.rows_reverted")[0]
    assert (told.counts["removed"], told.counts["kept"]) == (1, 0)
    assert PatientIndex.objects.filter(kind="phone").count() == 1


def test_undo_leaves_what_somebody_worked_with_and_says_how_many(desk):
    doctor = cast.staff("physician")
    batch = tables.brought(desk, people(3))
    first, second, _third = Patient.objects.order_by("pk")
    cast.care(doctor, first)
    with cast.acting(desk):
        row = Patient.objects.get(pk=second.pk)
        row.sex = "other"
        row.advance()
        row.save()
    batch = tables.undone(desk, batch)
    assert (batch.status, batch.rows_kept) == (ImportBatch.Status.UNDONE, 2)
    assert set(Patient.objects.values_list("pk", flat=True)) == {first.pk, second.pk}


def test_an_undone_import_can_be_brought_in_again(desk):
    tables.undone(desk, tables.brought(desk, people(2)))
    assert not Patient.objects.exists()
    assert tables.counts(tables.brought(desk, people(2))) == (2, 0, 0, 0)


VISITS = ("Patient's record number", "Visit number", "Beginning", "End", "Kind of visit")
BILLS = (
    "Patient's record number",
    "Claim number",
    "Billed on",
    "Total",
    "Visit number",
    "Diagnosis code",
)


def test_visits_and_claims_find_their_patients_and_each_other(desk, clerk):
    tables.brought(desk, people(2))
    visits = [
        ["P-000000", "V1", "2024-03-01 09:30", "2024-03-01 09:50", "门诊"],
        ["P-000009", "V2", "2024-03-01", "", "emergency"],
        ["P-000001", "V3", "2024-03-02 10:00", "2024-03-02 09:00", ""],
    ]
    batch = tables.brought(desk, tables.text_of(visits, VISITS), "encounters")
    assert tables.counts(batch) == (1, 0, 0, 2)
    assert tables.faults(batch, "import") == [(3, "patient", "nobody"), (4, "end", "end")]
    bills = [
        ["P-000000", "C1", "2024-03-02", "1,128.50", "V1", "J45.9"],
        ["P-000000", "C2", "2024-03-02", "12", "V7", ""],
    ]
    batch = tables.brought(clerk, tables.text_of(bills, BILLS), "claims")
    assert tables.counts(batch) == (1, 0, 0, 1)
    assert tables.faults(batch, "import") == [(3, "visit", "no_visit")]
    with cast.acting(clerk):
        bill = Claim.objects.get()
        assert (str(bill.total), bill.currency) == ("1128.50", "CNY")
        assert bill.encounter_id == Encounter.objects.get().pk
        assert bill.diagnoses[0]["diagnosisCodeableConcept"]["coding"][0]["code"] == "J45.9"


def test_a_second_row_with_the_same_number_is_refused_wherever_it_stands(desk, monkeypatch):
    monkeypatch.setattr(batch_runs, "IMPORT_ROWS", 2)
    rows = [tables.person(0), tables.person(1), tables.person(2), tables.person(0, Sex="male")]
    batch = tables.brought(desk, tables.text_of(rows))
    assert tables.counts(batch) == (3, 0, 0, 1)
    for phase in ("check", "import"):
        assert tables.faults(batch, phase) == [(5, "record_number", "twice")]


def test_a_patient_registered_otherwise_is_known_by_the_number_and_the_birth(desk):
    cast.patient(record_number="P-000000", birth_on=None)
    cast.patient(record_number="P-000001")
    with cast.acting(desk):
        row = Patient.objects.latest("created_at")
        row.birth_on = date(1999, 9, 9)
        row.advance()
        row.save()
    batch = tables.brought(desk, people(3))
    assert tables.counts(batch) == (1, 0, 1, 1)
    codes = {code for _row, _column, code in tables.faults(batch, "import")}
    assert codes == {"registered", "other_birth"}


def test_a_likely_duplicate_is_named_before_anything_is_written(desk):
    cast.patient(telecoms=[{"system": "phone", "value": "13800000001"}])
    batch = tables.checked(desk, people(3))
    assert tables.faults(batch) == [(3, "phone", "alike")]
    assert tables.counts(batch) == (3, 0, 0, 0)


def test_the_choice_of_columns_is_remembered_for_the_same_headings(desk):
    head = ("A", "B", "C")
    content = tables.text_of([["P1", "Muster", "Mia"]], head)
    assert tables.uploaded(desk, content).mapping == {}
    mapping = {"record_number": 0, "family": 1, "given": 2}
    tables.checked(desk, content, mapping=mapping)
    assert tables.uploaded(desk, content).mapping == mapping
    other = cast.staff("receptionist")
    assert tables.uploaded(other, content).mapping == {}
    assert ImportMapping.objects.count() == 1


def test_a_cancelled_import_keeps_what_it_wrote_and_can_be_undone(desk, monkeypatch):
    monkeypatch.setattr(batch_runs, "IMPORT_ROWS", 2)
    batch = tables.checked(desk, people(6))
    with cast.acting(desk):
        batches.start(batch_id=batch.pk, version=batch.version, by=desk)
    taken = batch_runs.take(batch.pk)

    def told(now):
        if now.rows_done == 4:
            with cast.acting(desk):
                batches.cancel(batch_id=batch.pk, by=desk)

    batch_runs.work(taken, told=told)
    batch = ImportBatch.objects.get(pk=batch.pk)
    assert (batch.status, Patient.objects.count()) == (ImportBatch.Status.CANCELLED, 4)
    batch = tables.undone(desk, batch)
    assert (batch.status, Patient.objects.count()) == (ImportBatch.Status.UNDONE, 0)


def test_a_chunk_that_fails_leaves_nothing_and_the_import_goes_on_from_there(desk, monkeypatch):
    monkeypatch.setattr(batch_runs, "IMPORT_ROWS", 2)
    batch = tables.checked(desk, people(5))
    with cast.acting(desk):
        batches.start(batch_id=batch.pk, version=batch.version, by=desk)
    usual, calls = batch_runs.batch_writes.write, []

    def broken(**options):
        chunk = usual(**options)
        calls.append(1)
        if len(calls) == 2:
            raise ValueError("secret value")
        return chunk

    monkeypatch.setattr(batch_runs.batch_writes, "write", broken)
    batch = tables.worked(batch)
    assert (batch.status, batch.problem, batch.rows_done) == (
        ImportBatch.Status.PAUSED,
        "failed",
        2,
    )
    assert Patient.objects.count() == ImportChunk.objects.count() * 2 == 2
    with cast.acting(desk):
        batches.resume(batch_id=batch.pk, by=desk)
    batch = tables.worked(batch)
    assert (batch.status, Patient.objects.count()) == (ImportBatch.Status.DONE, 5)


def test_two_processes_never_work_on_one_import(desk):
    batch = tables.checked(desk, people(2))
    with cast.acting(desk):
        batches.start(batch_id=batch.pk, version=batch.version, by=desk)
    first = batch_runs.take(batch.pk)
    assert batch_runs.take(batch.pk) is None
    later = first.lease_until + ImportBatch.LEASE
    second = batch_runs.take(batch.pk, now=later)
    batch_runs.work(first)
    assert not Patient.objects.exists()
    batch_runs.work(second)
    assert Patient.objects.count() == 2


def test_whoever_left_meanwhile_imports_nothing_more(desk):
    batch = tables.checked(desk, people(2))
    with cast.acting(desk):
        batches.start(batch_id=batch.pk, version=batch.version, by=desk)
    users.deactivate(user=desk, by=cast.staff("administrator"))
    batch = tables.worked(batch)
    assert (batch.status, batch.problem) == (ImportBatch.Status.PAUSED, "not_allowed")
    assert not Patient.objects.exists()


def test_a_deed_that_comes_too_late_is_refused_in_words(desk):
    batch = tables.checked(desk, people(1))
    with cast.acting(desk):
        batches.start(batch_id=batch.pk, version=batch.version, by=desk)
        late = partial(batches.start, version=batch.version)
        for deed in (late, batches.resume, batches.undo):
            with pytest.raises(Refused, match="gone on meanwhile"):
                deed(batch_id=batch.pk, by=desk)


def test_the_uploaded_file_lies_sealed_and_its_name_and_rows_nowhere_else(desk, folder):
    batch = tables.checked(desk, people(200))
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert len(content) > 5000
    assert b"Muster" not in content
    row = ImportBatch.objects.filter(pk=batch.pk).values().get()
    assert b"people.csv" not in repr(row).encode()


def test_the_file_of_an_old_import_is_deleted_and_the_errors_stay(
    desk, folder, django_capture_on_commit_callbacks
):
    batch = tables.checked(desk, tables.text_of([tables.person(0, Sex="x"), tables.person(1)]))
    with cast.acting(desk), django_capture_on_commit_callbacks(execute=True):
        later = batch.uploaded_at.replace(year=batch.uploaded_at.year + 1)
        assert batches.forget_files(older_than=later) == 1
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert ImportRowError.objects.count() == 1
    with pytest.raises(SealBroken):
        files.read_all(batch.file_id, batch.file_key)


def test_a_row_of_a_merged_record_meets_the_record_that_took_its_place(desk):
    tables.brought(desk, people(2))
    survivor, absorbed = Patient.objects.order_by("pk")
    with cast.acting(desk):
        merges.merge(
            survivor_id=survivor.pk, survivor_version=survivor.version, absorbed_id=absorbed.pk,
            absorbed_version=absorbed.version, choices={}, is_birth_confirmed=True, reason="one person", by=desk,
        )  # fmt: skip
    before = Patient.objects.get(pk=absorbed.pk).version
    rows = [tables.person(0), tables.person(1, **{"Given name": "Nora"})]
    batch = tables.brought(desk, tables.text_of(rows))
    assert tables.counts(batch)[0] == 0
    assert Patient.objects.count() == 2
    assert Patient.objects.get(pk=absorbed.pk).version == before
