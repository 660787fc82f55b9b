"""Erasures: who may agree, what goes, what stays and says why, and what an interruption leaves."""

from datetime import date

import pytest
from django.db import transaction
from django.utils import timezone

from audit import coverage
from audit.models import Event
from audit.queries import records
from consent.models import Erasure, LegalHold, ScopeOutcome
from consent.queries import erasure_plans, retention
from consent.services import certificates, erasing, erasures, holds
from patients.models import (
    CareRelationship,
    Condition,
    Document,
    Encounter,
    Invoice,
    Patient,
    PatientIndex,
    PortalAccount,
    StaffLink,
)
from patients.services import merges
from security import context
from security.access.decision import decide
from security.access.permissions import Permission
from security.backups import erasures as ledger
from security.models import DataKey, User
from security.sealing import SealErased, StaleRecord, files, index
from tests import planting, world
from tests.consent import erasing as making

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def book(tmp_path):
    with making.ledger(tmp_path) as place:
        yield place


@pytest.fixture
def cast():
    return making.officers()


@pytest.fixture
def free(book):
    """Let no rule keep anything, as if every time were over; proof of consent stays."""
    for rule in retention.rules():
        if rule.kind in {"outpatient", "bill", "disclosure", "prescription"}:
            rule.is_on = False
            rule.save()


def test_a_record_without_a_law_that_keeps_it_is_gone_in_every_table(free, cast):
    clinic = world.clinic()
    file = files.write([b"scan"], most=10)
    doctor = clinic.users["physician"]
    with transaction.atomic():
        list(planting.rows(clinic.patient, doctor, lambda row: row))
        for model in (Erasure, LegalHold):
            model._base_manager.all().delete()
        Document.objects.create(
            patient=clinic.patient, media_type="image/png", size=4, file_id=file.file_id,
            file_key=file.key, uploaded_by=doctor, title="Scan",
        )  # fmt: skip
        index.rebuild([clinic.patient], PatientIndex)
    before = clinic.patient.names
    done = making.erased(clinic.patient.pk, *cast)
    assert before
    assert done.state == Erasure.State.DONE
    for model in (Condition, Encounter, Document, CareRelationship):
        assert not model._base_manager.filter(patient=clinic.patient).exists(), model
    assert not PatientIndex.objects.filter(row=clinic.patient).exists()
    assert not files.path_of(file.file_id).exists()
    stub = Patient.objects.get(pk=clinic.patient.pk)
    with pytest.raises(SealErased):
        making.said(stub, "names")
    # Nothing is broken: a stub is no alarm.
    assert not context.current().broken
    assert not PortalAccount.objects.in_force().filter(patient=clinic.patient).exists()
    account = User.objects.get(pk=clinic.users["patient"].pk)
    assert not account.is_active
    with pytest.raises(SealErased):
        making.said(account, "display_name")
    # The trail still holds for every row, and the guardian's account, which opens nothing more, went too.
    # Rows that no deed made are not recorded; those that the erasure touched are as it said.
    every = [one for model in coverage.compared() for one in records.mismatched(model)]
    assert {str(one.why) for one in every} <= {"unrecorded"}
    assert not [one for one in every if one.object_id == clinic.patient.pk]
    assert Event.objects.filter(action="security.key.destroyed").exists()


def test_nobody_reads_what_was_erased_and_everybody_is_told(free, cast):
    clinic = world.clinic()
    done = making.erased(clinic.patient.pk, *cast)
    context.current().forget_decisions()
    answer = clinic.client("receptionist").get(f"/patients/{clinic.patient.pk}/")
    assert answer.status_code == 403
    assert done.number in answer.content.decode()
    seen = Patient.objects.visible_to(
        clinic.users["receptionist"], Permission.DEMOGRAPHICS_READ.category
    )
    assert clinic.other in seen
    assert clinic.patient not in seen
    with pytest.raises(StaleRecord), transaction.atomic():
        Condition.objects.create(patient=clinic.patient, code_text="Again")


def test_what_a_law_keeps_is_stored_only_and_says_which_law(book, cast):
    clinic = world.clinic()
    done = making.erased(clinic.patient.pk, *cast)
    assert done.state == Erasure.State.DONE
    assert Condition.objects.get().code_text == "Asthma"
    made = decide(clinic.users["physician"], Permission.CLINICAL_READ, clinic.patient.pk, "TREAT")
    assert not made.allowed
    assert "Medical Record Management Rules" in str(made.reason)
    outcome = ScopeOutcome.objects.get(key_scope="record")
    assert outcome.until_on.year == timezone.localdate().year + 15
    assert not PortalAccount.objects.in_force().filter(patient=clinic.patient).exists()
    context.current().forget_decisions()
    answer = clinic.client("receptionist").get(f"/patients/{clinic.patient.pk}/")
    assert answer.status_code == 403
    assert "Art. 29" in answer.content.decode()


def test_planner_family_and_who_agreed_before_do_not_agree(book, cast):
    clinic = world.clinic()
    planner, other, kin = cast
    with transaction.atomic():
        StaffLink.objects.create(user=kin, patient=clinic.patient, kind="sibling")
    row = erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=planner)
    with pytest.raises(erasures.NotYours):
        making.agreed(row, planner)
    making.agreed(row, other)
    with pytest.raises(erasures.NotYours):
        making.agreed(row, other)
    with pytest.raises(erasures.NotYours):
        making.agreed(row, kin)
    assert Erasure.objects.get().state == Erasure.State.PLANNED
    assert erasing.take() is None


def test_a_plan_whose_data_changed_is_stale(book, cast):
    clinic = world.clinic()
    row = erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[0])
    with transaction.atomic():
        Condition.objects.create(patient=clinic.patient, code_text="Later")
    with pytest.raises(erasures.StalePlan):
        making.agreed(row, cast[1])


def test_a_hold_after_the_approval_stops_the_erasure(free, cast):
    clinic = world.clinic()
    row = erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[0])
    making.agreed(row, *cast[1:])
    holds.set_hold(patient_id=clinic.patient.pk, until_on=None, reason="Court", by=cast[0])
    row = erasing.work(erasing.take())
    assert row.state == Erasure.State.GIVEN_UP
    assert "legal hold" in row.refusal
    assert Condition.objects.exists()
    assert not ledger.path().exists()


def test_a_hold_on_a_time_of_visits_stops_who_was_seen_then(book, cast):
    clinic = world.clinic()
    today = timezone.localdate()
    holds.set_hold(seen=(today, today), until_on=None, reason="Court", by=cast[0])
    assert erasure_plans.of_patient(clinic.patient.pk, "own")["holds"]
    assert not erasure_plans.of_patient(clinic.other.pk, "own")["holds"]
    holds.lift(hold_id=LegalHold.objects.get().pk, reason="Over", by=cast[0])
    assert not erasure_plans.of_patient(clinic.patient.pk, "own")["holds"]


def test_a_hold_without_end_stops_erasures_and_not_the_desk(book, cast):
    clinic = world.clinic()
    holds.set_hold(seen=(date.min, date.max), until_on=date.max, reason="Court", by=cast[0])
    assert erasure_plans.of_patient(clinic.patient.pk, "own")["holds"]


def test_an_open_bill_stays_in_use(book, cast):
    clinic = world.clinic()
    with transaction.atomic():
        world.bill(clinic)
    plan = erasure_plans.of_patient(clinic.patient.pk, "own")
    assert {one["scope"]: one["action"] for one in plan["scopes"]}["billing"] == "in_use"
    making.erased(clinic.patient.pk, *cast)
    made = decide(clinic.users["finance"], Permission.BILLING_READ, clinic.patient.pk, "HPAYMT")
    assert made.allowed
    assert Invoice.objects.exists()


def test_what_was_erased_is_not_erased_twice(free, cast):
    clinic = world.clinic()
    making.erased(clinic.patient.pk, *cast)
    with pytest.raises(erasures.Impossible):
        erasures.plan(patient_id=clinic.patient.pk, reason="Again", by=cast[0])


def test_one_plan_at_a_time(book, cast):
    clinic = world.clinic()
    erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[0])
    with pytest.raises(erasures.Impossible), transaction.atomic():
        erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[1])


@pytest.mark.parametrize("at", ["keys", "index:record", "rows:record:patients.condition", "stub"])
def test_work_that_died_is_finished_by_the_next_run(free, cast, monkeypatch, at):
    clinic = world.clinic()
    row = erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[0])
    making.agreed(row, *cast[1:])
    real = erasing.do

    def die(work, step):
        done = real(work, step)
        if step == at:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(erasing, "do", die)
    with pytest.raises(KeyboardInterrupt):
        erasing.work(erasing.take())
    monkeypatch.setattr(erasing, "do", real)
    assert erasing.take() is None
    Erasure.objects.update(moved_at=timezone.now() - erasing.STALLED * 2)
    row = erasing.work(erasing.take())
    assert row.state == Erasure.State.DONE
    assert not Condition.objects.exists()
    assert certificates.is_genuine(row.certificate)
    assert row.certificate["keys"]
    lines = ledger.read(ledger.path())
    assert [line.kind for line in lines] == ["intent", "done"]


def test_work_stops_between_two_steps_and_goes_on(free, cast, monkeypatch):
    clinic = world.clinic()
    row = erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[0])
    making.agreed(row, *cast[1:])
    real = erasing.do

    def ask(work, step):
        if step == "keys":
            erasures.stop(erasure_id=row.pk, by=cast[0])
        return real(work, step)

    monkeypatch.setattr(erasing, "do", ask)
    assert erasing.work(erasing.take()).state == Erasure.State.STOPPED
    assert erasing.take() is None
    monkeypatch.setattr(erasing, "do", real)
    erasures.resume(erasure_id=row.pk, by=cast[0])
    assert erasing.work(erasing.take()).state == Erasure.State.DONE


def test_a_certificate_that_was_altered_is_not_genuine(free, cast):
    clinic = world.clinic()
    done = making.erased(clinic.patient.pk, *cast)
    assert certificates.is_genuine(done.certificate)
    assert not certificates.is_genuine(done.certificate | {"rows": 0, "files": 99})
    gone = DataKey.objects.filter(subject_id=clinic.patient.pk, destroyed_at__isnull=False)
    assert sorted(done.certificate["keys"]) == sorted(str(one.pk) for one in gone)


def test_a_merged_person_is_erased_under_both_records(free, cast):
    clinic = world.clinic()
    with transaction.atomic():
        Condition.objects.create(patient=clinic.other, code_text="Migraine")
        one, two = (
            Patient.objects.get(pk=clinic.patient.pk),
            Patient.objects.get(pk=clinic.other.pk),
        )
        merges.merge(
            survivor_id=one.pk, survivor_version=one.version, absorbed_id=two.pk,
            absorbed_version=two.version, choices={}, is_birth_confirmed=True, reason="Same person",
            by=cast[0],
        )  # fmt: skip
    done = making.erased(two.pk, *cast)
    assert done.patient_id == one.pk
    assert not Condition.objects.exists()
    for patient in Patient._base_manager.all():
        with pytest.raises(SealErased):
            making.said(patient, "names")
    assert not DataKey.objects.filter(
        subject_kind="patient", scope="record", destroyed_at=None
    ).exists()


def test_both_row_and_trail_of_a_plan_roll_back_together(book, cast):
    clinic = world.clinic()
    with transaction.atomic():
        erasures.plan(patient_id=clinic.patient.pk, reason="Asked for", by=cast[0])
        transaction.set_rollback(True)
    assert not Erasure.objects.exists()
    assert not Event.objects.filter(action="consent.erasure.planned").exists()
