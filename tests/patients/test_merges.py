"""Two records of one person become one, and come apart again with every row where it was."""

from datetime import date

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.queries import records
from patients import demographics
from patients.models import (
    CareRelationship,
    ChartPermission,
    Claim,
    Condition,
    Encounter,
    Merge,
    Observation,
    Patient,
    PatientIndex,
    RecordVersion,
    Relation,
)
from patients.queries import search, subjects
from patients.queries.versions import reopened
from patients.services import merges, moves, versions
from patients.services.versions import Conflict
from security.access.decision import decide
from security.access.permissions import Permission
from security.models import DataKey
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
BORN = date(1990, 1, 1)
PHONE = [{"system": "phone", "value": "+8613800138001"}]


@pytest.fixture
def desk():
    return cast.staff("receptionist")


@pytest.fixture
def doctor():
    return cast.staff("physician")


@pytest.fixture
def stays():
    return cast.patient(
        "Wang", "Xiaoming", birth_on=BORN, sex="female", record_number="A-1", days_ago=9,
        identifiers=[demographics.number_of("PPN", "XX1111111")],
    )  # fmt: skip


@pytest.fixture
def goes(doctor):
    row = cast.patient(
        "王", "小明", birth_on=BORN, sex="female", record_number="B-2", telecoms=PHONE, language="zh-CN",
        identifiers=[demographics.number_of("PPN", "XX2222222")],
    )  # fmt: skip
    fill(row)
    cast.care(doctor, row)
    return row


def fill(patient, number=1):
    """Write an entry of several kinds, one of them restricted, one billed, one corrected."""
    now = timezone.now()
    for _number in range(number):
        visit = Encounter.objects.create(patient=patient, occurred_at=now, restricted_note="secret")
        about = {"patient": patient, "encounter": visit, "occurred_at": now}
        Condition.objects.create(
            **about, code_text="Asthma", restricted_detail="told in confidence"
        )
        Observation.objects.create(**about, code_text="Weight")
        Claim.objects.create(**about, type_text="Bill")
        Relation.objects.create(patient=patient, kind="SIB", names=[{"text": "Sib"}])
    row = Condition.objects.filter(patient=patient).first()
    versions.correct(
        model=Condition, row_id=row.pk, version=row.version, changes={"code_text": "COPD"},
        reason="typed wrong", action="patients.item.corrected", by=None,
    )  # fmt: skip


def merge(desk, stays, goes, **changes):
    said = {
        "survivor_id": stays.pk, "survivor_version": stays.version, "absorbed_id": goes.pk,
        "absorbed_version": goes.version, "choices": {}, "is_birth_confirmed": False,
        "reason": "same passport shown", "by": desk,
    }  # fmt: skip
    with cast.acting(desk):
        return merges.merge(**said | changes)


def undo(desk, row, **changes):
    with cast.acting(desk):
        version = Patient.objects.get(pk=row.patient_id).version
        said = {"merge_id": row.pk, "survivor_version": version, "reason": "two people", "by": desk}
        return merges.undo(**said | changes)


def everything():
    """Return every stored row about patients, byte by byte, and whose each data key is."""
    found = {}
    for model in [Patient, *moves.movable()]:
        if model not in (RecordVersion, Merge):
            rows = model._base_manager.order_by("pk").values()
            found[model.__name__] = {
                row["id"]: {k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items()}
                for row in rows
            }
    found["keys"] = dict(DataKey.objects.values_list("pk", "subject_id"))
    pairs = ("user_id", "content_object_id", "starts_at", "ends_at")
    found["charts"] = sorted(map(str, ChartPermission.objects.values_list(*pairs)))
    found["index"] = sorted(
        map(str, PatientIndex.objects.values_list("row_id", "kind", "exact", "tokens"))
    )
    return found


def mismatched():
    """Return the rows that are not what the trail says."""
    models = (
        Patient,
        Condition,
        Encounter,
        Claim,
        Relation,
        RecordVersion,
        CareRelationship,
        Merge,
    )
    return [one for model in models for one in records.verify_rows(model._base_manager.all())]


def test_everything_of_both_is_read_under_the_one_that_stays(desk, doctor, stays, goes):
    merge(desk, stays, goes)
    with cast.acting(doctor):
        for model in (Encounter, Condition, Observation, Claim, Relation):
            assert not model.objects.filter(patient_id=goes.pk).exists()
            assert model.objects.get().patient_id == stays.pk
        condition = Condition.objects.get()
        assert (condition.code_text, condition.restricted_detail) == ("COPD", "told in confidence")
        assert Claim.objects.get().type_text == "Bill"
        assert Encounter.objects.get().restricted_note == "secret"
        row = Patient.objects.get(pk=stays.pk)
        assert [name["family"] for name in row.names] == ["Wang", "王"]
        assert (row.language, row.telecoms[0]["value"]) == ("zh-CN", "+8613800138001")
        assert row.last_activity_at == goes.last_activity_at
        assert decide(doctor, Permission.CLINICAL_READ, stays.pk, "TREAT").allowed
        assert not decide(doctor, Permission.CLINICAL_READ, goes.pk, "TREAT").allowed


def test_both_records_are_found_by_all_their_numbers_and_names(desk, stays, goes):
    merge(desk, stays, goes)
    with cast.acting(desk):
        url = f"/patients/{stays.pk}/"
        for typed in ("A-1", "B-2", "XX1111111", "XX2222222", "王小明", "Wang Xiaoming", "8001"):
            assert [hit["url"] for hit in search.find(desk, typed)["hits"]] == [url], typed


def test_a_merge_is_one_event_about_both_and_covers_every_row(desk, stays, goes):
    row = merge(desk, stays, goes)
    (event,) = cast.events("patients.patient.merged")
    assert set(event.subjects) == {stays.pk, goes.pk}
    assert event.counts["rows"] >= 9
    assert mismatched() == []
    undo(desk, row)
    assert mismatched() == []
    (event,) = cast.events("patients.patient.unmerged")
    assert set(event.subjects) == {stays.pk, goes.pk}


def test_a_failing_trail_takes_the_whole_merge_back(desk, stays, goes, monkeypatch):
    def fail(*args, **options):
        raise OSError

    before = everything()
    with monkeypatch.context() as patch:
        patch.setattr("security.trail.record", fail)
        with pytest.raises(OSError), transaction.atomic():  # noqa: PT011
            merge(desk, stays, goes)
    assert everything() == before
    row = merge(desk, stays, goes)
    between = everything()
    with monkeypatch.context() as patch:
        patch.setattr("security.trail.record", fail)
        with pytest.raises(OSError), transaction.atomic():  # noqa: PT011
            undo(desk, row)
    assert everything() == between


@pytest.mark.prove(step=2, full=200)
def test_undoing_gives_back_every_row_bit_by_bit(desk, doctor, stays, goes, rounds):
    fill(stays)
    before = everything()
    for _number in range(rounds):
        row = merge(desk, Patient.objects.get(pk=stays.pk), goes)
        undo(desk, row)
    after = everything()
    own = before["Patient"][stays.pk]
    # The record that stayed has newer versions of the same content; nothing else differs at all.
    again = after["Patient"].pop(stays.pk)
    del before["Patient"][stays.pk]
    assert {k for k in own if own[k] != again[k]} == {"version", "sealed", "sealed_card"}
    assert after.pop("charts") == before.pop("charts")
    assert after == before
    with cast.acting(desk):
        row = Patient.objects.get(pk=stays.pk)
        assert [one["value"] for one in row.identifiers] == ["XX1111111"]
        assert (row.telecoms, row.language, len(row.names)) == (None, None, 1)
        assert [hit["url"] for hit in search.find(desk, "B-2")["hits"]] == [f"/patients/{goes.pk}/"]
    assert len(cast.events("patients.patient.unmerged")) == rounds


def test_what_was_written_since_stays_and_what_was_corrected_since_goes_back_as_corrected(
    desk, doctor, stays, goes
):
    row = merge(desk, stays, goes)
    with cast.acting(doctor):
        old = Condition.objects.get()
        versions.correct(
            model=Condition, row_id=old.pk, version=old.version, reason="better known", by=doctor,
            changes={"code_text": "Emphysema", "restricted_detail": "more"}, action="patients.item.corrected",
        )  # fmt: skip
        fresh = Condition.objects.create(
            patient=stays, code_text="Fracture", encounter=Encounter.objects.get()
        )
        now = Patient.objects.get(pk=stays.pk)
        versions.correct(
            model=Patient, row_id=now.pk, version=now.version, reason="married", by=doctor,
            changes={"names": ({"text": "New Name"}, *now.names), "sex": "other"},
            action="patients.patient.corrected",
        )  # fmt: skip
    undo(desk, row)
    with cast.acting(doctor):
        back = Condition.objects.get(pk=old.pk)
        assert (back.patient_id, back.code_text, back.restricted_detail) == (
            goes.pk,
            "Emphysema",
            "more",
        )
        states = RecordVersion.objects.filter(row_id=old.pk).order_by("row_version")
        assert [state.patient_id for state in states] == [goes.pk] * 2
        assert [reopened(state).code_text for state in states] == ["Asthma", "COPD"]
        assert [state.reason for state in states] == ["typed wrong", "better known"]
        fresh = Condition.objects.get(pk=fresh.pk)
        assert (fresh.patient_id, fresh.code_text, fresh.encounter) == (stays.pk, "Fracture", None)
        now = Patient.objects.get(pk=stays.pk)
        assert [name.get("text") or name["family"] for name in now.names] == ["New Name", "Wang"]
        assert now.sex == "other"
    assert not list(records.verify_rows(list(Condition.objects.all())))
    assert not list(records.verify_rows(list(RecordVersion.objects.all())))
    astray = Observation.objects.exclude(encounter__patient_id=F("patient_id"))
    assert not astray.exists()


def test_earlier_states_of_both_open_while_they_are_merged(desk, doctor, stays, goes):
    for row in (stays, goes):
        versions.correct(
            model=Patient, row_id=row.pk, version=1, reason="x", by=None, changes={"sex": "male"},
            action="patients.patient.corrected",
        )  # fmt: skip
    merge(desk, *(Patient.objects.get(pk=one.pk) for one in (stays, goes)))
    with cast.acting(desk):
        states = [reopened(one) for one in RecordVersion.objects.filter(label="patients.patient")]
        assert sorted(one.record_number for one in states) == ["A-1", "A-1", "B-2"]
        gone = Patient.objects.get(pk=goes.pk)
        assert (gone.record_number, gone.merged_into_id) == ("B-2", stays.pk)


# --- what is refused ------------------------------------------------------------------------


def test_a_record_is_not_merged_with_itself_nor_twice(desk, stays, goes):
    with pytest.raises(merges.Impossible):
        merge(desk, stays, stays)
    third = cast.patient(record_number="C-3")
    merge(desk, stays, goes)
    now = Patient.objects.get(pk=stays.pk)
    with pytest.raises(merges.Impossible):
        merge(desk, third, goes)
    with pytest.raises(merges.Impossible):
        merge(desk, goes, third)
    with pytest.raises(merges.Impossible, match="other way round"):
        merge(desk, third, now)
    row = merge(desk, now, third)
    assert row.patient == now
    assert Merge.objects.count() == 2


def test_of_two_merges_the_later_one_is_undone_first(desk, stays, goes):
    before, third = everything(), cast.patient("Third", "One", record_number="C-3", telecoms=PHONE)
    first = merge(desk, stays, goes)
    second = merge(desk, Patient.objects.get(pk=stays.pk), third)
    with pytest.raises(merges.NotUndone, match="later"):
        undo(desk, first)
    undo(desk, second)
    undo(desk, first)
    with pytest.raises(merges.NotUndone, match="before"):
        undo(desk, first)
    after = everything()
    assert after["Condition"] == before["Condition"]
    with cast.acting(desk):
        assert [one.record_number for one in Patient.objects.order_by("pk")] == [
            "A-1",
            "B-2",
            "C-3",
        ]
        assert Patient.objects.get(pk=stays.pk).telecoms is None


def test_different_birth_dates_need_a_word_of_their_own(desk, stays):
    goes = cast.patient("Wang", "Xiaoming", birth_on=date(1990, 1, 2), record_number="B-2")
    with pytest.raises(merges.OtherBirth):
        merge(desk, stays, goes)
    merge(desk, stays, goes, is_birth_confirmed=True, choices={"birth_on": "absorbed"})
    with cast.acting(desk):
        assert Patient.objects.get(pk=stays.pk).birth_on == date(1990, 1, 2)


@pytest.mark.parametrize("which", ["survivor_version", "absorbed_version"])
def test_a_record_that_was_changed_meanwhile_is_compared_again(desk, stays, goes, which):
    with pytest.raises(Conflict):
        merge(desk, stays, goes, **{which: 7})
    row = merge(desk, stays, goes)
    with pytest.raises(Conflict):
        undo(desk, row, survivor_version=1)


def test_an_entry_that_both_imported_from_one_source_waits_with_the_record_it_came_with(desk):
    one, other = cast.patient(record_number="A-1"), cast.patient(record_number="B-2")
    rows = [
        Condition.objects.create(patient=patient, code_text="Same", source_key=b"k" * 16)
        for patient in (one, other)
    ]
    row = merge(desk, one, other)
    assert Condition.objects.filter(patient=one).get() == rows[0]
    undo(desk, row)
    with cast.acting(desk):
        assert [found.code_text for found in Condition.objects.all()] == ["Same"] * 2


def test_how_much_is_moved_costs_the_same_queries(desk):
    counts = []
    for number in (1, 10):
        one, other = (
            cast.patient(record_number=f"A-{number}"),
            cast.patient(record_number=f"B-{number}"),
        )
        fill(one), fill(other, number)
        fresh = [Patient.objects.get(pk=row.pk) for row in (one, other)]
        with CaptureQueriesContext(connection) as merging:
            row = merge(desk, *fresh)
        with CaptureQueriesContext(connection) as undoing:
            undo(desk, row)
        counts.append((len(merging), len(undoing)))
    assert counts[0] == counts[1]


def test_every_column_that_names_a_patient_is_moved_or_stays_for_a_reason():
    """A new model about patients is decided about here, before a merge leaves its rows behind."""
    moved = {f"{model._meta.label_lower}.patient" for model in moves.movable()}
    named = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Patient
    }
    apart = {
        f"{model._meta.label_lower}.patient"
        for model in apps.get_models()
        if getattr(model, "is_kept_apart", False)
    }
    assert named == moved | set(moves.STAYS) | apart
    assert len(subjects.sealed_of_patients()) > 12
    assert all(moves.STAYS.values())


def test_a_model_that_is_kept_apart_is_not_moved(monkeypatch):
    assert Claim in moves.movable()
    monkeypatch.setattr(Claim, "is_kept_apart", True, raising=False)
    assert Claim not in moves.movable()
