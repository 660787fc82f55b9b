"""An event, its states and its pending row: one statement, one transaction, nothing readable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from audit.models import Event, Pending, State
from audit.names import NoTrailName, id_of, label_of
from audit.queries import events
from patients.models import Condition, Patient
from security import context, trail
from security.ids import new_id
from security.models import Unit, User
from security.sealing import SealBroken
from security.sealing.digest import state_digest

pytestmark = pytest.mark.django_db


def deed(patient: Patient, rows: list[Model], **more: object) -> Event:
    event_id = trail.record(
        "tests.deed.done", subjects=[patient.pk], changed=rows, fields=["patients.x"], **more
    )
    return Event.objects.get(pk=event_id)


@transaction.atomic
def half_a_deed(actor: User, **more: object) -> None:
    unit = Unit.objects.create(name="Ward 1", kind=Unit.Kind.DEPARTMENT)
    trail.record("tests.deed.done", changed=[unit], by=actor, **more)
    raise ZeroDivisionError


def test_an_event_says_who_what_whose_and_why(
    acting: context.Context, staff: User, patient: Patient
) -> None:
    before = datetime.now(UTC)
    event = deed(patient, [patient], obj=patient, counts={"rows": 3}, outcome="failed")

    assert (event.action, event.outcome, event.format) == ("tests.deed.done", "failed", 1)
    assert (event.actor_id, event.actor_kind, event.system) == (staff.pk, "staff", "")
    assert event.roles == ["nurse", "physician"]
    assert (event.purpose, event.basis) == ("TREAT", "care relationship")
    assert (event.subjects, event.fields, event.counts) == (
        [patient.pk],
        ["patients.x"],
        {"rows": 3},
    )
    assert (event.object_label, event.object_id) == (patient.seal_label, patient.pk)
    assert (event.session_ref, event.device_ref, event.route) == ("s-1", "d-1", "patients:show")
    assert event.request_id == acting.request_id
    assert event.pk.version == 7
    assert before <= event.recorded_at <= datetime.now(UTC) + timedelta(seconds=1)


def test_an_event_waits_for_the_sealer(acting: context.Context, patient: Patient) -> None:
    event = deed(patient, [])

    assert Pending.objects.filter(pk=event.pk).exists()


@pytest.mark.parametrize("number", [0, 1, 10])
def test_an_event_costs_one_statement_however_many_rows_changed(
    acting: context.Context, patient: Patient, conditions: list[Condition], number: int
) -> None:
    deed(patient, [])
    with CaptureQueriesContext(connection) as queries:
        trail.record("tests.deed.done", subjects=[patient.pk], changed=conditions[:number])

    assert len(queries) == 1


def test_the_first_event_of_a_request_looks_its_key_up_once(
    acting: context.Context, patient: Patient
) -> None:
    deed(patient, [])
    acting.forget_keys()
    with CaptureQueriesContext(connection) as queries:
        trail.record("tests.deed.done", subjects=[patient.pk])

    assert len(queries) == 2


def test_a_bulk_deed_has_one_event_with_the_state_of_each_row(
    acting: context.Context, patient: Patient, conditions: list[Condition]
) -> None:
    event = deed(patient, conditions)

    states = State.objects.filter(event_id=event.pk)
    stored = {row.pk: state_digest(row) for row in Condition.objects.filter(patient=patient)}
    assert {state.object_id: bytes(state.digest) for state in states} == stored
    assert {state.model for state in states} == {Condition.seal_label}
    assert {(state.version, state.deleted) for state in states} == {(1, False)}


def test_the_state_of_a_plain_row_is_that_of_the_row_read_again(acting: context.Context) -> None:
    unit = Unit.objects.create(name="Ward 1", kind=Unit.Kind.DEPARTMENT)
    trail.record("tests.deed.done", changed=[unit], obj=unit)

    state = State.objects.newest("security.unit", [unit.pk]).get()
    assert bytes(state.digest) == state_digest(Unit.objects.get(pk=unit.pk))
    assert state.version == 0


def test_a_state_follows_the_version_of_a_sealed_row(
    acting: context.Context, conditions: list[Condition], patient: Patient
) -> None:
    row = Condition.objects.get(pk=conditions[0].pk)
    deed(patient, [row])
    row.code_text = "Other finding"
    row.advance()
    row.save()
    deed(patient, [row])

    newest = State.objects.newest(Condition.seal_label, [row.pk]).get()
    assert newest.version == 2
    assert bytes(newest.digest) == state_digest(Condition.objects.get(pk=row.pk))
    assert State.objects.filter(object_id=row.pk).count() == 2


def test_a_deleted_row_leaves_its_last_state(acting: context.Context) -> None:
    unit = Unit.objects.create(name="Ward 1", kind=Unit.Kind.DEPARTMENT)
    trail.record("tests.deed.done", changed=[unit])
    trail.record("tests.deed.undone", deleted=[unit])

    assert State.objects.newest("security.unit", [unit.pk]).get().deleted


def test_a_row_named_twice_has_one_state(acting: context.Context, patient: Patient) -> None:
    again = Patient.objects.get(pk=patient.pk)
    event = deed(patient, [patient, again])

    assert State.objects.filter(event_id=event.pk).count() == 1


def test_a_row_that_was_deleted_before_it_was_recorded_is_an_error(acting: context.Context) -> None:
    unit = Unit.objects.create(name="Ward 1", kind=Unit.Kind.DEPARTMENT)
    unit.delete()
    with pytest.raises(NoTrailName, match="Unit"):
        trail.record("tests.deed.undone", deleted=[unit])


def test_a_number_stands_as_the_uuid_of_its_value() -> None:
    class Numbered:
        pk = 66

    assert id_of(Numbered()) == UUID("00000000-0000-0000-0000-000000000042")  # type: ignore[arg-type]
    assert label_of(Unit) == "security.unit"


def test_address_browser_and_reason_are_sealed(acting: context.Context, patient: Patient) -> None:
    event = deed(patient, [], reason="asked by the ward")

    stored = bytes(event.detail)
    for text in (b"203.0.113.9", b"Mozilla", b"asked by the ward"):
        assert text not in stored
    detail = events.detail_of(event)
    assert (detail.address, detail.user_agent) == ("203.0.113.9", "Mozilla/5.0")
    assert detail.reason == "asked by the ward"


def test_opening_a_detail_is_a_read_of_its_actor(
    system: context.Context, acting: context.Context, staff: User, patient: Patient
) -> None:
    event = deed(patient, [])
    with trail.acting_for(system="tests", purpose="HOPERAT") as reader:
        events.detail_of(event)
        assert reader.reads == {staff.pk: {"audit.event.detail"}}


@pytest.mark.parametrize("moved", ["other event", "other actor", "flipped", "no envelope"])
def test_a_detail_opens_for_its_own_event_and_actor_only(
    acting: context.Context, patient: Patient, moved: str
) -> None:
    event = deed(patient, [], reason="asked by the ward")
    if moved == "other event":
        event.pk = new_id()
    elif moved == "other actor":
        event.actor_id = None
    elif moved == "flipped":
        event.detail = bytes(event.detail)[:-1] + bytes([bytes(event.detail)[-1] ^ 1])
    else:
        event.detail = b"203.0.113.9"

    with pytest.raises(SealBroken):
        events.detail_of(event)


def test_a_destroyed_key_takes_the_detail_and_leaves_the_event(
    acting: context.Context, staff: User, patient: Patient
) -> None:
    event = deed(patient, [], reason="asked by the ward")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE security_datakey SET wrapped = NULL, destroyed_at = now() WHERE subject_id = %s",
            [staff.pk],
        )
    acting.forget_keys()

    event = Event.objects.get(pk=event.pk)
    assert event.actor_id == staff.pk
    with pytest.raises(SealBroken, match="key is gone"):
        events.detail_of(event)


def test_a_system_acts_under_the_key_of_the_system(system: context.Context) -> None:
    event = Event.objects.get(pk=trail.record("tests.deed.done", reason="nightly"))

    assert (event.actor_id, event.actor_kind, event.system) == (None, "system", "tests")
    assert events.detail_of(event).reason == "nightly"


def test_a_visitor_is_neither_staff_nor_system(db: None) -> None:
    with context.enter(context.Context(address="203.0.113.9", may_open=False)):
        event = Event.objects.get(pk=trail.record("tests.door.knocked", outcome="refused"))

    assert (event.actor_id, event.actor_kind) == (None, "visitor")


def test_a_refusal_before_the_gate_is_recorded_though_nothing_may_open(
    acting: context.Context, patient: Patient
) -> None:
    acting.forget_keys()
    acting.may_open = False
    event = deed(patient, [], reason="no such chart")

    with pytest.raises(context.NoContext):
        events.detail_of(event)
    acting.may_open = True
    assert events.detail_of(event).reason == "no such chart"


@pytest.mark.parametrize(
    "text",
    ["NUL \x00 inside", "lone \ud83d half", "\udc80", "安护 🩺", "x" * 5000, "'; DROP TABLE x;--"],
)
def test_any_text_can_be_recorded(acting: context.Context, patient: Patient, text: str) -> None:
    acting.user_agent = acting.address = acting.route = acting.session_ref = text
    acting.device_ref = acting.purpose = acting.basis = text
    acting.roles = (text,)
    event = deed(patient, [], reason=text, counts={text: 1})

    detail = events.detail_of(event)
    clean = (
        text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
    assert (detail.reason, event.route, event.counts) == (clean, clean, {clean: 1})
    assert detail.user_agent == clean[:400]


def test_a_count_that_no_leaf_could_hold_is_refused(acting: context.Context) -> None:
    with pytest.raises(OverflowError):
        trail.record("tests.deed.done", counts={"rows": 2**63})


def test_roles_are_told_of_the_actor_of_the_context_only(
    acting: context.Context, patient: Patient
) -> None:
    other = User(display_name="Other")
    other.save()

    assert deed(patient, [], by=other).roles == []


def test_a_deed_rolled_back_leaves_no_event(acting: context.Context, patient: Patient) -> None:
    before = Event.objects.count(), State.objects.count(), Pending.objects.count()
    with pytest.raises(ZeroDivisionError):
        half_a_deed(acting.actor)

    assert (Event.objects.count(), State.objects.count(), Pending.objects.count()) == before


def test_an_event_that_can_not_be_written_takes_the_deed_back(
    acting: context.Context, patient: Patient
) -> None:
    with pytest.raises(DatabaseError):
        half_a_deed(acting.actor, outcome="far too long an outcome")

    assert not Unit.objects.exists()


def test_a_rolled_back_key_is_not_used_for_the_next_event(
    acting: context.Context, patient: Patient
) -> None:
    other = User(display_name="Other")
    other.save()
    other.pk = new_id()
    with pytest.raises(ZeroDivisionError):
        half_a_deed(other)
    event = Event.objects.get(pk=trail.record("tests.deed.done", by=other, reason="again"))

    acting.forget_keys()
    assert events.detail_of(event).reason == "again"
