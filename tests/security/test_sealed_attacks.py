"""Sealed rows against somebody who may write the tables: never another person's data, never a blank."""

from datetime import date
from uuid import UUID

import pytest
from django.db import connection, transaction

from patients.models import Condition, Patient
from security import context
from security.sealing import SealBroken
from tests.security.test_sealed_rows import NAMES, again, raw

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def patient():
    return Patient.objects.create(
        names=NAMES, birth_on=date(1985, 2, 28), language="zh-CN", sex="female"
    )


@pytest.fixture
def condition(patient):
    return Condition.objects.create(patient=patient, code_text="Asthma", restricted_detail="secret")


def put(row, column, value):
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", [value, row.pk]
        )


def swap(first, second, column="sealed_card"):
    one, two = raw(first, column), raw(second, column)
    put(first, column, two)
    put(second, column, one)


def is_broken(row, field):
    context.current().broken.clear()
    with pytest.raises(SealBroken):
        getattr(again(row), field)
    return bool(context.current().broken)


def test_envelopes_swapped_between_people_open_nowhere(patient):
    other = Patient.objects.create(names=({"text": "Somebody Else"},))
    swap(patient, other)
    assert is_broken(patient, "names")
    assert is_broken(other, "names")


def test_envelopes_swapped_within_a_row_open_nowhere(patient):
    card, body = raw(patient), raw(patient, "sealed")
    put(patient, "sealed_card", body)
    put(patient, "sealed", card)
    assert is_broken(patient, "names")
    assert is_broken(patient, "language")


def test_an_older_envelope_does_not_open_in_the_newer_row(patient):
    old = raw(patient)
    row = again(patient)
    row.sex = "male"
    row.advance()
    row.save()
    put(row, "sealed_card", old)
    assert is_broken(row, "sex")


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b[:40], lambda b: b"", lambda b: b"Ming",
                                    lambda b: b[:50] + bytes([b[50] ^ 128]) + b[51:], lambda b: b + b"\0"])  # fmt: skip
def test_cut_flipped_grown_and_plain_content_is_broken_and_never_blank(patient, change):
    put(patient, "sealed_card", change(raw(patient)))
    assert is_broken(patient, "names")


def test_a_row_given_to_another_patient_by_sql_does_not_open(condition):
    other = Patient.objects.create(names=())
    put(condition, "patient_id", other.pk)
    assert is_broken(condition, "code_text")


def test_a_row_under_the_key_of_another_scope_does_not_open(condition):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE security_datakey SET scope = 'billing' WHERE scope = 'record'")
    context.current().forget_keys()
    assert is_broken(condition, "code_text")


def test_a_key_moved_to_another_person_opens_nothing(patient):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE security_datakey SET subject_id = %s", [UUID(int=5)])
    context.current().forget_keys()
    assert is_broken(patient, "names")


def test_a_destroyed_key_leaves_nothing_to_read(patient):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE security_datakey SET destroyed_at = now(), wrapped = NULL")
    context.current().forget_keys()
    assert is_broken(patient, "names")


def test_one_forged_key_row_does_not_take_the_page_with_it(patient):
    other = Patient.objects.create(names=({"text": "Fine"},))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE security_datakey SET wrapped = set_byte(wrapped, 20, 1) WHERE subject_id = %s",
            [patient.pk],
        )
    context.current().forget_keys()
    rows = {row.pk: row for row in Patient.objects.all()}
    with pytest.raises(SealBroken):
        _ = rows[patient.pk].names
    assert rows[other.pk].names == ({"text": "Fine"},)


def test_a_broken_field_is_locked_and_its_envelope_survives(patient):
    put(patient, "sealed_card", b"overwritten by somebody")
    row = again(patient)
    with pytest.raises(SealBroken):
        row.names = ()
    row.language = "fr"
    row.advance()
    with pytest.raises(SealBroken), transaction.atomic():
        row.save()
    assert raw(patient) == b"overwritten by somebody"


def test_versions_changed_by_sql_break_the_seal(patient):
    put(patient, "version", 2)
    assert is_broken(patient, "names")
