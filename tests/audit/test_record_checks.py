"""Every row against the trail: each kind of tampering is found and named, and a stopped run goes on."""

import io
from unittest import mock

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection

from audit import coverage, tasks
from audit.models import Event, RecordCheck, RecordFinding
from audit.queries import records
from audit.services import record_checks
from patients.models import Condition
from patients.services import batches
from security import trail
from tests.audit.test_records import altered, deleted_on_paper, flipped, removed, run
from tests.patients import bundles, cast, importing, tables

pytestmark = pytest.mark.django_db
State = RecordCheck.State


@pytest.fixture
def recorded(acting, staff, patient, conditions):
    trail.record(
        "tests.deed.done", subjects=[patient.pk], changed=[staff, patient, *conditions], obj=patient
    )
    return conditions


def rolled_back(row):
    """Put a whole row back to what it was before a correction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c) FROM patients_condition c WHERE id = %s", [row.pk])
        (old,) = cursor.fetchone()
    fresh = Condition.objects.get(pk=row.pk)
    fresh.code_text = "Corrected"
    fresh.advance()
    fresh.save()
    trail.record("tests.deed.done", changed=[fresh])
    run("DELETE FROM patients_condition WHERE id = %s", row.pk)
    run("INSERT INTO patients_condition SELECT (jsonb_populate_record(NULL::patients_condition, %s::jsonb)).*", old)  # fmt: skip


def inserted(row):
    """Copy a row behind the application's back."""
    run(
        "INSERT INTO patients_condition SELECT (jsonb_populate_record(c, jsonb_build_object('id',"
        " '01890a5d-ac96-774b-bcce-b302099a8057'))).* FROM patients_condition c WHERE id = %s",
        row.pk,
    )


KINDS = {
    "altered": (altered, "altered"),
    "one byte": (flipped, "altered"),
    "deleted": (removed, "missing"),
    "revived": (deleted_on_paper, "revived"),
    "rolled back": (rolled_back, "rolled_back"),
    "inserted": (inserted, "unrecorded"),
}


def verify(*arguments):
    """Run the command; return its exit code, what it said and what it complained of."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("verify_records", "--quiet", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        code = end.code
    return code, out.getvalue(), err.getvalue()


def test_rows_as_the_deeds_left_them_are_clean(recorded):
    code, said, _ = verify()
    assert (code, RecordCheck.objects.get().state) == (0, State.CLEAN)
    assert "14 rows compared, 0 differ." in said
    event = Event.objects.newest_first().first()
    assert (event.action, event.outcome) == ("audit.records.verified", "success")
    # What this run wrote itself is recorded as well.
    assert verify()[0] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_done_behind_the_back_is_named_and_is_an_event(recorded, patient, kind):
    attack, why = KINDS[kind]
    attack(recorded[4])
    code, said, _ = verify()
    named = recorded[4].pk if kind != "inserted" else "01890a5d-ac96-774b-bcce-b302099a8057"
    assert code == 3
    assert said.splitlines()[0] == f"patients.condition {named} {why}"
    event = Event.objects.get(action="audit.records.found_tampered")
    assert (event.outcome, event.counts) == ("failed", {why: 1})
    assert event.fields == [f"patients.condition:{why}:{named}"]
    assert event.subjects == ([] if why == "missing" else [patient.pk])
    finding = RecordFinding.objects.get()
    assert (finding.model, str(finding.object_id), finding.why) == (
        "patients.condition", str(named), why
    )  # fmt: skip
    assert RecordCheck.objects.get().state == State.FOUND


def test_ten_bad_rows_of_ten_are_ten_findings(recorded):
    for row in recorded:
        altered(row)
    assert "10 differ." in verify()[1]
    assert RecordFinding.objects.count() == 10


def test_a_row_that_is_put_right_is_clean_again(recorded):
    before = recorded[0].occurred_at
    altered(recorded[0])
    assert verify()[0] == 3
    run("UPDATE patients_condition SET occurred_at = %s WHERE id = %s", before, recorded[0].pk)
    assert verify()[0] == 0


def test_a_run_that_was_killed_goes_on_where_it_was(recorded, monkeypatch):
    monkeypatch.setattr(records.rows_after, "__defaults__", (3,))
    altered(recorded[0])
    stops = iter(range(100))

    def killed(check, found):
        if check.model == "patients.condition" and next(stops) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), record_checks.alone():
        record_checks.work(record_checks.begin(), told=killed)
    stopped = RecordCheck.objects.get()
    assert (stopped.state, stopped.model) == (State.RUNNING, "patients.condition")
    assert stopped.findings_count == 1
    code, said, _ = verify()
    assert code == 3
    assert said.splitlines()[0] == f"Going on after {stopped.rows_done} rows."
    assert f"patients.condition {recorded[0].pk} altered" in said
    assert RecordCheck.objects.get().rows_done == 14
    assert Event.objects.filter(action="audit.records.found_tampered").count() == 1


def test_a_stopped_run_is_given_up_when_somebody_begins_again(recorded):
    record_checks.begin()
    assert verify("--restart")[0] == 0
    assert {one.state for one in RecordCheck.objects.all()} == {State.GIVEN_UP, State.CLEAN}


def test_a_run_that_somebody_else_put_there_near_its_end_is_not_gone_on_with(recorded):
    forged = RecordCheck.objects.create(model="zzz", reads_states=True)
    tasks.verify_records()
    forged.refresh_from_db()
    assert forged.state == State.GIVEN_UP
    last = RecordCheck.objects.newest_first().first()
    assert last.rows_done > len(recorded)
    told = Event.objects.filter(action="audit.records.found_tampered").values_list(
        "fields", flat=True
    )
    assert [f"audit.recordcheck:unrecorded:{forged.pk}"] in told


def test_two_runs_at_once_are_refused(recorded, monkeypatch):
    monkeypatch.setattr(record_checks, "alone", mock.Mock(side_effect=record_checks.AlreadyRunning("busy")))  # fmt: skip
    code, _, complaint = verify()
    assert (code, complaint) == (4, "busy\n")
    assert not RecordCheck.objects.exists()


def test_a_database_that_does_not_answer_is_no_clean_result(recorded, monkeypatch):
    monkeypatch.setattr(records, "verify_rows", mock.Mock(side_effect=DatabaseError))
    code, said, complaint = verify()
    assert code == 5
    assert "does not answer" in complaint
    assert "compared" not in said


def test_a_finding_and_its_event_roll_back_together(recorded, monkeypatch):
    altered(recorded[0])
    monkeypatch.setattr(trail, "record", mock.Mock(side_effect=[None, RuntimeError]))
    with pytest.raises(RuntimeError):
        record_checks.work(record_checks.begin())
    assert not RecordFinding.objects.exists()


def test_the_task_compares_turn_by_turn(recorded, monkeypatch):
    again = mock.Mock()
    monkeypatch.setattr(tasks, "TURN_SECONDS", -1)
    monkeypatch.setattr(tasks.verify_records, "delay", again)
    tasks.verify_records()
    assert RecordCheck.objects.get().state == State.RUNNING
    again.assert_called_once_with()
    RecordCheck.objects.update(moved_at="2020-01-01T00:00:00Z")
    tasks.go_on_with_records()
    assert again.call_count == 2
    monkeypatch.setattr(tasks, "TURN_SECONDS", 60)
    tasks.verify_records()
    assert RecordCheck.objects.get().state == State.CLEAN
    tasks.go_on_with_records()
    assert again.call_count == 2


def test_a_row_that_changes_while_it_is_compared_is_no_finding(recorded):
    row = Condition.objects.get(pk=recorded[0].pk)
    stale = list(Condition.objects.filter(pk=row.pk))
    row.code_text = "Corrected meanwhile"
    row.advance()
    row.save()
    trail.record("tests.deed.done", changed=[row])
    assert list(records.verify_rows(stale)) == []


def test_what_an_import_of_bundles_brought_is_clean(system):
    importing.bring(bundles.english())
    importing.bring(bundles.chinese())
    code, said, _ = verify()
    assert code == 0, said
    assert RecordCheck.objects.get().rows_done > 20


def test_what_an_import_of_a_table_brought_is_clean(system):
    desk = cast.staff("receptionist")
    rows = [tables.person(number) for number in range(20)]
    rows.append(tables.person(21, **{"Date of birth": "yesterday"}))
    batch = tables.brought(desk, tables.text_of(rows))
    assert batch.rows_created == 20
    assert "28 rows compared, 0 differ." in verify()[1]
    with cast.acting(desk):
        batches.undo(batch_id=batch.pk, by=desk)
    tables.worked(batch)
    assert verify()[0] == 0


def test_every_model_is_compared_or_says_why_not():
    labels = {model._meta.label_lower for model in apps.get_models()}
    assert set(coverage.NOT_COMPARED) <= labels
    assert all(coverage.NOT_COMPARED.values())
    compared = {model._meta.label_lower for model in coverage.compared()}
    assert {
        "patients.patient",
        "patients.condition",
        "security.user",
        "auditlog.logentry",
    } <= compared
    assert not compared & set(coverage.NOT_COMPARED)
