"""Corrections: what stood before is kept and opens, and a second writer is told instead of winning."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import Event
from audit.queries import records
from patients.models import Condition, RecordVersion
from patients.queries import versions as earlier
from patients.services import versions
from security.models import DataKey
from security.sealing import SealBroken, StaleRecord
from security.sealing.errors import SealedFieldQuery, UnversionedWrite
from tests.patients import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor(system):
    return cast.staff("physician")


@pytest.fixture
def condition(system):
    patient = cast.patient()
    return Condition.objects.create(
        patient=patient, code_text="Asthma", status="active", occurred_at=timezone.now(),
        restricted_detail="told in confidence",
    )  # fmt: skip


def correct(condition, doctor, version=1, **changes):
    return versions.correct(
        model=Condition, row_id=condition.pk, version=version, changes=changes,
        reason="typed into the wrong line", action="patients.item.corrected", by=doctor,
    )  # fmt: skip


def test_a_correction_keeps_the_state_before_it(condition, doctor):
    with cast.acting(doctor):
        row = correct(condition, doctor, code_text="COPD")
        assert (row.version, row.code_text) == (2, "COPD")
        kept = earlier.of_row(row).get()
        before = earlier.reopened(kept)
        assert (kept.reason, kept.replaced_by) == ("typed into the wrong line", doctor)
        assert (before.version, before.code_text, before.status) == (1, "Asthma", "active")
        assert before.restricted_detail == "told in confidence"
        assert before.occurred_at == condition.occurred_at
        assert earlier.changed_between(before, row) == ["code_text"]
        assert earlier.at(row, 1).code_text == "Asthma"
        assert earlier.at(row, 2) is row
        assert earlier.at(row, 9) is None


def test_a_correction_of_level_5_moves_that_envelope_on_and_keeps_the_old_one(condition, doctor):
    with cast.acting(doctor):
        row = correct(condition, doctor, restricted_detail="nothing")
        assert (row.version, row.restricted_version) == (2, 2)
        assert earlier.at(row, 1).restricted_detail == "told in confidence"
        row = correct(condition, doctor, version=2, restricted_detail="something")
        assert earlier.at(row, 2).restricted_detail == "nothing"
        assert earlier.at(row, 1).restricted_detail == "told in confidence"


def test_a_correction_is_one_event_that_names_fields_and_covers_both_rows(condition, doctor):
    with cast.acting(doctor):
        row = correct(condition, doctor, code_text="COPD")
    event = Event.objects.get(action="patients.item.corrected")
    assert event.fields == ["patients.condition.code_text"]
    assert event.subjects == [condition.patient_id]
    kept = RecordVersion.objects.get()
    assert not list(records.verify_rows([Condition.objects.get(pk=row.pk)]))
    assert not list(records.verify_rows([kept]))


def test_a_failing_trail_takes_the_correction_back(condition, doctor, monkeypatch):
    def fail(*args, **options):
        raise OSError

    with cast.acting(doctor), monkeypatch.context() as patch:
        patch.setattr("security.trail.record", fail)
        with pytest.raises(OSError), transaction.atomic():  # noqa: PT011
            correct(condition, doctor, code_text="COPD")
    assert Condition.objects.get(pk=condition.pk).version == 1
    assert not RecordVersion.objects.exists()


def test_a_second_writer_is_told_and_overwrites_nothing(condition, doctor):
    with cast.acting(doctor):
        correct(condition, doctor, code_text="COPD")
        with pytest.raises(versions.Conflict) as met:
            correct(condition, doctor, version=1, code_text="Bronchitis")
        assert met.value.row.code_text == "COPD"
        assert RecordVersion.objects.count() == 1


def test_what_changes_nothing_makes_no_version(condition, doctor):
    with cast.acting(doctor), pytest.raises(versions.NothingChanged):
        correct(condition, doctor, code_text="Asthma")
    assert not RecordVersion.objects.exists()


def test_a_row_that_does_not_open_is_not_corrected(condition, doctor):
    cast.break_seal(condition, "sealed")
    with cast.acting(doctor), pytest.raises(SealBroken):
        correct(condition, doctor, notes=("new",))
    assert not RecordVersion.objects.exists()


def test_an_old_envelope_put_into_the_row_does_not_open(condition, doctor):
    with cast.acting(doctor):
        row = correct(condition, doctor, code_text="COPD")
        kept = earlier.of_row(row).get()
        with connection.cursor() as cursor:
            statement = "UPDATE patients_condition SET sealed_card = %s WHERE id = %s"
            cursor.execute(statement, [bytes(kept.kept_card), row.pk])
        with pytest.raises(SealBroken):
            _ = Condition.objects.get(pk=row.pk).code_text


def test_a_reopened_row_is_never_saved_over_the_newer_one(condition, doctor):
    with cast.acting(doctor):
        correct(condition, doctor, code_text="COPD")
        kept = RecordVersion.objects.get()
        for steps in range(4):
            before = earlier.reopened(kept)
            before.code_text = "an old state"
            for _ in range(steps):
                before.advance()
            with pytest.raises((StaleRecord, UnversionedWrite)), transaction.atomic():
                before.save()
        with pytest.raises(IntegrityError), transaction.atomic():
            earlier.reopened(kept).save(force_insert=True)
        with pytest.raises(SealedFieldQuery):
            Condition.objects.bulk_update([earlier.reopened(kept)], ["sealed"])
        with pytest.raises(IntegrityError), transaction.atomic():
            Condition.objects.bulk_create([earlier.reopened(kept)])
        assert Condition.objects.get().code_text == "COPD"


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 10**30])
def test_a_version_that_never_was_is_a_conflict_and_opens_nothing(condition, doctor, number):
    with cast.acting(doctor):
        row = correct(condition, doctor, code_text="COPD")
        assert earlier.at(row, number) is None
        with pytest.raises(versions.Conflict):
            correct(condition, doctor, version=number, code_text="mine")


def test_an_earlier_state_dies_with_its_key(condition, doctor):
    with cast.acting(doctor):
        correct(condition, doctor, code_text="COPD")
    DataKey.objects.filter(subject_id=condition.patient_id, scope="record").update(
        wrapped=None, destroyed_at=timezone.now()
    )
    with cast.acting(doctor):
        before = earlier.reopened(RecordVersion.objects.get())
        with pytest.raises(SealBroken):
            _ = before.code_text
        with pytest.raises(SealBroken):
            correct(condition, doctor, version=2, code_text="mine")


def test_the_kept_state_of_one_row_does_not_open_as_another(condition, doctor):
    other = Condition.objects.create(
        patient=condition.patient, code_text="Gout", status="active", occurred_at=timezone.now()
    )
    with cast.acting(doctor):
        correct(condition, doctor, code_text="COPD")
        correct(other, doctor, code_text="Arthritis")
        mine, yours = (RecordVersion.objects.get(row_id=one.pk) for one in (condition, other))
        mine.kept_card, mine.kept_body = yours.kept_card, yours.kept_body
        with pytest.raises(SealBroken):
            _ = earlier.reopened(mine).code_text
