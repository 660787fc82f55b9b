"""Rows held against their newest states: altered, unrecorded, missing and revived ones are found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.queries.events import about, by_actor, on_object
from audit.queries.records import Mismatch, Why, mismatched, verify_rows
from patients.models import Condition, Patient
from security import context, trail
from security.models import Unit, User

pytestmark = pytest.mark.django_db


def run(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.fixture
def recorded(
    acting: context.Context, patient: Patient, conditions: list[Condition]
) -> list[Condition]:
    trail.record("tests.deed.done", subjects=[patient.pk], changed=conditions)
    return conditions


def test_rows_as_recorded_match(recorded: list[Condition]) -> None:
    assert list(mismatched(Condition)) == []


def test_no_key_is_needed_to_compare(recorded: list[Condition], system: context.Context) -> None:
    run("UPDATE security_datakey SET wrapped = NULL, destroyed_at = now()")

    assert list(mismatched(Condition)) == []


def altered(row: Condition) -> None:
    run("UPDATE patients_condition SET occurred_at = now() WHERE id = %s", row.pk)


def flipped(row: Condition) -> None:
    run(
        "UPDATE patients_condition SET sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40))"
        " WHERE id = %s",
        row.pk,
    )


def removed(row: Condition) -> None:
    run("DELETE FROM patients_condition WHERE id = %s", row.pk)


def deleted_on_paper(row: Condition) -> None:
    trail.record("tests.deed.undone", deleted=[row])


@pytest.mark.parametrize(
    ("attack", "why"),
    [
        (altered, Why.ALTERED),
        (flipped, Why.ALTERED),
        (removed, Why.MISSING),
        (deleted_on_paper, Why.REVIVED),
    ],
)
def test_one_bad_row_of_ten_is_found(
    recorded: list[Condition], attack: Callable[[Condition], None], why: Why
) -> None:
    attack(recorded[4])

    assert list(mismatched(Condition)) == [Mismatch("patients.condition", recorded[4].pk, why)]


def test_a_whole_older_row_put_back_is_found(recorded: list[Condition]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_jsonb(c)::text FROM patients_condition c WHERE id = %s", [recorded[0].pk]
        )
        (old,) = cursor.fetchone()
    row = Condition.objects.get(pk=recorded[0].pk)
    row.code_text = "Corrected"
    row.advance()
    row.save()
    trail.record("tests.deed.done", changed=[row])
    assert list(mismatched(Condition)) == []

    run("DELETE FROM patients_condition WHERE id = %s", row.pk)
    run(
        "INSERT INTO patients_condition"
        " SELECT (jsonb_populate_record(NULL::patients_condition, %s::jsonb)).*",
        old,
    )
    assert list(mismatched(Condition)) == [Mismatch("patients.condition", row.pk, Why.ROLLED_BACK)]


def test_a_row_of_which_no_event_tells_is_found(
    recorded: list[Condition], patient: Patient
) -> None:
    stranger = Condition.objects.create(patient=patient, code_text="Never recorded")

    found = list(mismatched(Condition))
    assert found == [Mismatch("patients.condition", stranger.pk, Why.UNRECORDED)]


def test_rows_with_numbers_for_keys_are_compared_as_well(system: context.Context) -> None:
    Group.objects.all().delete()
    group = Group.objects.create(name="night watch")
    assert list(mismatched(Group)) == []
    Group.objects.filter(pk=group.pk).update(name="day watch")
    assert [found.why for found in mismatched(Group)] == [Why.ALTERED]


def test_settings_changed_by_any_form_stay_in_step_with_their_deeds(
    system: context.Context,
) -> None:
    unit = Unit.objects.create(name="Ward 1", kind=Unit.Kind.DEPARTMENT)
    trail.record("tests.deed.done", changed=[unit])
    unit.name = "Ward 2"
    unit.save()
    gone = Unit.objects.create(name="Ward 3", kind=Unit.Kind.DEPARTMENT)
    gone.delete()

    assert list(mismatched(Unit)) == []


@pytest.mark.parametrize("number", [1, 10])
def test_rows_are_compared_by_one_query(recorded: list[Condition], number: int) -> None:
    rows = list(Condition.objects.all()[:number])
    with CaptureQueriesContext(connection) as queries:
        assert list(verify_rows(rows)) == []

    assert len(queries) == 1


def test_events_of_a_person_and_of_an_account_come_newest_first(
    acting: context.Context, staff: User, patient: Patient
) -> None:
    ids = [
        trail.record("tests.deed.done", subjects=[patient.pk], obj=patient),
        trail.record("tests.deed.done", subjects=[staff.pk]),
        trail.record("tests.deed.done", subjects=[staff.pk, patient.pk], obj=patient),
    ]

    first, second, third = ids
    assert [event.pk for event in about(patient.pk)] == [third, first]
    assert [event.pk for event in by_actor(staff.pk)] == [third, second, first]
    assert [event.pk for event in on_object(Patient.seal_label, patient.pk)] == [third, first]
    newest = about(patient.pk).first()
    assert newest is not None
    assert [event.pk for event in about(patient.pk, before=newest.recorded_at)] == [first]
