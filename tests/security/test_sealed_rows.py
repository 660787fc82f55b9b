"""Sealed rows under every way Django has to read and write a row: it works, or it raises our error."""

import copy
import pickle
from datetime import date

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Lower

from patients.models import Condition, Encounter, Patient
from security import context
from security.context import NoContext
from security.ids import new_id
from security.sealing import SealedFieldQuery, StaleRecord, UnversionedWrite

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
NAMES = ({"family": "Ånström", "given": ("Zoë",)}, {"text": "欧阳娜娜"})


@pytest.fixture
def patient():
    return Patient.objects.create(
        names=NAMES, birth_on=date(1985, 2, 28), language="zh-CN", sex="female"
    )


@pytest.fixture
def condition(patient):
    return Condition.objects.create(patient=patient, code_text="Asthma", restricted_detail="secret")


def again(row):
    return type(row).objects.get(pk=row.pk)


def raw(row, column="sealed_card"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return bytes(cursor.fetchone()[0])


# Works


def test_save_and_read_again_in_every_type(patient):
    found = again(patient)
    assert found.names == NAMES
    assert (found.birth_on, found.language, found.sex) == (date(1985, 2, 28), "zh-CN", "female")
    assert found.deceased is None


def test_no_column_holds_a_value(patient):
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM patients_patient t WHERE id = %s", [patient.pk])
        stored = cursor.fetchone()[0]
    for canary in ("Ånström", "Zoë", "欧阳", "1985", "zh-CN"):
        assert canary not in stored
        assert canary.encode().hex() not in stored


def test_bulk_create_seals_every_row():
    made = Patient.objects.bulk_create([Patient(names=NAMES, sex=str(n)) for n in range(30)])
    assert {row.sex for row in Patient.objects.filter(pk__in=[m.pk for m in made])} == {
        str(n) for n in range(30)
    }


def test_a_row_made_in_bulk_can_be_changed_afterwards(patient):
    (row,) = Patient.objects.bulk_create([Patient(names=NAMES)])
    row.language = "en"
    row.advance()
    row.save()
    assert again(row).language == "en"


def test_one_query_fetches_the_keys_of_a_page(django_assert_num_queries):
    for size in (1, 25):
        Patient.objects.bulk_create([Patient(names=NAMES) for _ in range(size)])
        context.current().forget_keys()
        with django_assert_num_queries(2):
            assert all(row.names == NAMES for row in Patient.objects.all())


def test_defer_fetches_the_envelope_and_never_reads_it_as_empty(patient):
    row = Patient.objects.defer("sealed").get(pk=patient.pk)
    assert row.get_deferred_fields() == {"sealed"}
    assert row.language == "zh-CN"


def test_only_brings_what_the_envelope_is_bound_to(condition):
    row = Condition.objects.only("sealed_card").get(pk=condition.pk)
    assert row.code_text == "Asthma"
    assert row.get_deferred_fields().isdisjoint({"version", "restricted_version", "patient_id"})


def test_a_change_to_a_row_with_a_deferred_envelope_loses_nothing(patient):
    row = Patient.objects.defer("sealed").get(pk=patient.pk)
    row.sex = "male"
    row.advance()
    row.save()
    found = again(row)
    assert (found.sex, found.language, found.names) == ("male", "zh-CN", NAMES)


def test_refresh_drops_what_was_changed_in_memory(patient):
    patient.language = "fr"
    patient.refresh_from_db()
    assert patient.language == "zh-CN"


def test_copy_under_a_new_key_seals_anew_for_the_new_person(patient):
    twin = again(patient)
    twin.pk, twin._state.adding = new_id(), True
    twin.save()
    assert again(twin).names == NAMES
    assert raw(twin) != raw(patient)
    assert again(patient).names == NAMES


def test_shallow_copy_keeps_a_pending_change(patient):
    patient.language = "fr"
    assert copy.copy(patient).language == "fr"
    assert copy.deepcopy(patient).language == "fr"


def test_pickle_carries_envelopes_and_no_value(patient):
    assert patient.names == NAMES
    frozen = pickle.dumps(patient)
    assert "Ånström".encode() not in frozen
    assert "欧阳".encode() not in frozen
    thawed = pickle.loads(frozen)
    assert thawed.names == NAMES


def test_dumpdata_and_loaddata_carry_ciphertext(patient, tmp_path):
    target = tmp_path / "dump.json"
    call_command("dumpdata", "patients.patient", output=str(target))
    text = target.read_text()
    assert "names" not in text
    assert "Ånström" not in text
    blob = raw(patient)
    (loaded,) = serializers.deserialize("json", text)
    with pytest.raises(UnversionedWrite), transaction.atomic():
        loaded.save()
    Patient.objects.filter(pk=patient.pk).delete()
    (loaded,) = serializers.deserialize("json", text)
    loaded.save()
    assert again(patient).names == NAMES
    assert raw(patient) == blob


def test_select_related_and_prefetch_open_rows(condition, django_assert_num_queries):
    context.current().forget_keys()
    with django_assert_num_queries(2):
        (row,) = Condition.objects.select_related("patient")
        assert (row.code_text, row.patient.names) == ("Asthma", NAMES)


def test_operational_columns_are_written_alone(patient):
    before = raw(patient)
    Patient.objects.filter(pk=patient.pk).update(last_activity_at=patient.created_at)
    patient.save(update_fields=["last_activity_at"])
    assert raw(patient) == before
    assert again(patient).version == 1


def test_exists_count_and_plain_filters_work(patient):
    assert Patient.objects.filter(confidentiality="normal").exists()
    assert Patient.objects.filter(Q(pk=patient.pk)).count() == 1
    assert list(Patient.objects.values_list("confidentiality", flat=True)) == ["normal"]


def test_unknown_keys_of_a_newer_version_are_kept(patient):
    patient._open("card")["from_the_future"] = "kept"
    patient.sex = "male"
    patient.advance()
    patient.save()
    found = again(patient)
    found.sex = "other"
    found.advance()
    found.save()
    assert again(patient)._open("card")["from_the_future"] == "kept"


def test_a_field_that_came_later_reads_as_its_default(patient):
    blank = Patient(pk=new_id())
    blank.save()
    assert again(blank).marital_status is None


def test_a_new_value_of_the_restricted_envelope_moves_its_own_version(condition):
    condition.restricted_detail = "other secret"
    condition.advance()
    condition.save()
    found = again(condition)
    assert (found.version, found.restricted_version) == (2, 2)
    assert found.restricted_detail == "other secret"
    found.code_text = "Severe asthma"
    found.advance()
    found.save()
    found = again(condition)
    assert (found.version, found.restricted_version) == (3, 2)
    assert (found.code_text, found.restricted_detail) == ("Severe asthma", "other secret")


def test_a_row_without_level_5_content_still_has_a_restricted_envelope(patient):
    row = Encounter.objects.create(patient=patient)
    assert len(raw(row, "sealed_restricted")) > 60
    assert again(row).restricted_note is None


def test_moving_an_item_to_another_patient_seals_it_for_that_patient(condition):
    other = Patient.objects.create(names=())
    row = again(condition)
    row.patient = other
    row.advance()
    row.save()
    assert again(row).code_text == "Asthma"


# Refused


@pytest.mark.parametrize(
    "query",
    [
        lambda q: q.filter(names="x"),
        lambda q: q.exclude(names__icontains="x"),
        lambda q: q.filter(Q(sex="male") | Q(confidentiality="vip")),
        lambda q: q.order_by("names"),
        lambda q: q.order_by("-birth_on"),
        lambda q: q.order_by(F("birth_on")),
        lambda q: q.order_by(Lower("sex")),
        lambda q: q.values("names"),
        lambda q: q.values_list("names", flat=True),
        lambda q: q.values(shown=F("names")),
        lambda q: q.annotate(shown=F("names")),
        lambda q: q.annotate(number=Count("names")),
        lambda q: q.aggregate(number=Count("sex")),
        lambda q: q.only("names"),
        lambda q: q.defer("names"),
        lambda q: q.defer("version"),
        lambda q: q.distinct("sex"),
        lambda q: q.update(names=[]),
        lambda q: q.update(confidentiality="vip"),
        lambda q: q.update(sealed=b""),
        lambda q: q.update(version=9),
        lambda q: q.update(last_activity_at=F("birth_on")),
        lambda q: q.bulk_update(list(q), ["names"]),
        lambda q: q.bulk_update(list(q), ["sealed_card"]),
        lambda q: q.in_bulk(["x"], field_name="names"),
        lambda q: q.dates("birth_on", "year"),
        lambda q: q.get_or_create(names=[]),
        lambda q: q.update_or_create(sex="x", defaults={"sex": "y"}),
        lambda q: q.latest("birth_on"),
        lambda q: q.filter(pk__in=q.values("sex")),
        lambda q: q.annotate(x=Subquery(Patient.objects.filter(names=OuterRef("pk")).values("pk"))),
        lambda q: q.filter(sex__gt="a"),
        lambda q: q.bulk_create([Patient()], ignore_conflicts=True),
    ],
)
def test_no_query_can_name_a_sealed_field(patient, query):
    with pytest.raises(SealedFieldQuery):
        list(query(Patient.objects.all()) or [])


def test_a_related_query_can_not_reach_a_sealed_field(condition):
    with pytest.raises(SealedFieldQuery):
        list(Condition.objects.filter(patient__names__contains="x"))
    with pytest.raises(SealedFieldQuery):
        list(Condition.objects.order_by("patient__birth_on"))


def test_refresh_of_a_sealed_field_is_refused(patient):
    with pytest.raises(SealedFieldQuery):
        patient.refresh_from_db(fields=["names"])


def test_saving_without_moving_the_version_on_is_refused(patient):
    row = again(patient)
    row.language = "fr"
    with pytest.raises(UnversionedWrite), transaction.atomic():
        row.save()
    with pytest.raises(UnversionedWrite), transaction.atomic():
        row.save(update_fields=["confidentiality"])
    assert again(patient).language == "zh-CN"


def test_saving_some_envelopes_of_a_moved_version_is_refused(patient):
    row = again(patient)
    row.language = "fr"
    row.advance()
    with pytest.raises(UnversionedWrite), transaction.atomic():
        row.save(update_fields=["version", "sealed"])
    assert again(patient).language == "zh-CN"


def test_the_second_of_two_writers_is_told(patient):
    mine, theirs = again(patient), again(patient)
    theirs.language = "fr"
    theirs.advance()
    theirs.save()
    mine.sex = "male"
    mine.advance()
    with pytest.raises(StaleRecord), transaction.atomic():
        mine.save()
    found = again(patient)
    assert (found.language, found.sex) == ("fr", "female")


def test_a_deferred_envelope_of_a_row_that_moved_on_is_stale_and_not_broken(patient):
    row = Patient.objects.defer("sealed").get(pk=patient.pk)
    theirs = again(patient)
    theirs.language = "fr"
    theirs.advance()
    theirs.save()
    with pytest.raises(StaleRecord):
        _ = row.language


def test_values_of_a_wrong_type_are_refused_before_anything_is_sealed(patient):
    for name, value in {
        "sex": 3,
        "birth_on": "1985-02-28",
        "deceased": "no",
        "names": {1: 2},
    }.items():
        with pytest.raises((TypeError, ValueError)):
            setattr(patient, name, value)
    with pytest.raises(ValueError, match="JSON does not carry"):
        patient.names = [float("nan")]
    assert patient.names == NAMES


# Context and keys


def test_nothing_opens_outside_a_context(patient):
    row = again(patient)
    token = context._current.set(None)
    try:
        with pytest.raises(NoContext):
            _ = row.names
    finally:
        context._current.reset(token)


def test_nothing_opens_before_the_gate(patient):
    with context.enter(context.Context(may_open=False)), pytest.raises(NoContext):
        _ = again(patient).names


def test_what_is_read_is_noted_by_name_and_what_is_matched_is_not(patient):
    here = context.current()
    here.reads.clear()
    row = again(patient)
    with context.matching():
        assert row.names
    assert here.reads == {}
    assert row.sex == "female"
    assert here.reads == {patient.pk: {"patients.patient.sex"}}


def test_a_key_made_in_a_rolled_back_transaction_is_not_used_again():
    row_id = new_id()

    with transaction.atomic():
        Patient(pk=row_id, names=NAMES).save()
        transaction.set_rollback(True)
    Patient(pk=row_id, names=NAMES).save()
    context.current().forget_keys()
    assert again(Patient(pk=row_id)).names == NAMES


def test_no_text_of_a_row_names_a_person(patient):
    for text in (str(patient), repr(patient)):
        assert "Ånström" not in text
