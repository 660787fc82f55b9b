"""The journal of settings: which models, no value, no person, one event with each row."""

from __future__ import annotations

import json

import pytest
from auditlog.diff import get_mask_function
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import connection, models

from audit import journal, masking
from audit.models import Event, State
from patients.models import Organization, Practitioner
from security import context, trail
from security.context import NoContext
from security.models import Membership, Unit, User
from security.sealing.digest import state_digest

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit(system: context.Context) -> Unit:
    return Unit.objects.create(name="Canaryward", name_zh="金丝雀", kind=Unit.Kind.DEPARTMENT)


def everything_in(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {table}::text FROM {table}")
        return "\n".join(row for (row,) in cursor.fetchall())


@pytest.mark.parametrize("value", ["", "x", "王芳", "13912345678", "a" * 500])
def test_the_mask_tells_neither_the_value_nor_its_length(value: str) -> None:
    assert masking.constant(value) == masking.MASK


def test_the_library_uses_our_mask_and_stores_no_address() -> None:
    assert get_mask_function() is masking.constant
    assert settings.AUDITLOG_DISABLE_REMOTE_ADDR
    assert not [name for name in settings.MIDDLEWARE if "auditlog" in name]
    assert not settings.AUDITLOG_STORE_JSON_CHANGES
    assert not settings.AUDITLOG_INCLUDE_ALL_MODELS


def test_every_model_is_journalled_or_left_out_for_a_reason() -> None:
    left = [
        label
        for label in (model._meta.label_lower for model in apps.get_models())
        if label not in journal.JOURNALLED
        and label not in journal.NOT_JOURNALLED
        and not journal.is_record(apps.get_model(label))
    ]
    assert left == []


def test_no_model_stands_on_both_lists_and_none_is_gone() -> None:
    assert not set(journal.JOURNALLED) & set(journal.NOT_JOURNALLED)
    known = {model._meta.label_lower for model in apps.get_models()}
    assert set(journal.JOURNALLED) | set(journal.NOT_JOURNALLED) <= known
    assert {model._meta.label_lower for model in auditlog.get_models()} == set(journal.JOURNALLED)


@pytest.mark.parametrize("label", sorted(journal.JOURNALLED))
def test_only_plain_columns_are_journalled_and_each_of_them_is_masked(label: str) -> None:
    model = apps.get_model(label)
    named = auditlog.get_model_fields(model)
    columns = {field.name for field in model._meta.concrete_fields}
    assert named["include_fields"]
    assert set(named["include_fields"]) <= columns
    assert named["mask_fields"] == named["include_fields"]
    assert not any(
        isinstance(model._meta.get_field(name), models.BinaryField)
        for name in columns
        if name in named["include_fields"]
    )
    assert not auditlog.get_serialize_options(model)["serialize_data"]
    assert not auditlog._registry[model]["m2m_fields"]


def test_a_change_is_journalled_without_its_value(unit: Unit) -> None:
    unit.name = "Otherward"
    unit.save()

    entry = LogEntry.objects.filter(action=LogEntry.Action.UPDATE).get()
    assert entry.changes == {"name": [masking.MASK, masking.MASK]}
    stored = everything_in("auditlog_logentry")
    for text in ("Canary", "canary", "ward", "金", "雀", "Other", json.dumps("金丝雀")[1:-1]):
        assert text not in stored


def test_a_journal_row_names_no_person(system: context.Context, staff: User) -> None:
    practitioner = Practitioner.objects.create(
        identity="https://example.org|Canaryname", names=[{"family": "Canaryname"}], user=staff
    )
    entry = LogEntry.objects.get(object_pk=str(practitioner.pk))

    assert entry.object_repr == f"practitioner {practitioner.pk}"
    assert (entry.remote_addr, entry.actor, entry.actor_email) == (None, None, None)
    assert entry.cid == str(system.request_id)
    assert "anaryname" not in everything_in("auditlog_logentry")
    assert "zhao@clinic" not in everything_in("auditlog_logentry")


def test_each_journal_row_has_its_event_in_the_same_transaction(unit: Unit) -> None:
    entry = LogEntry.objects.get(object_pk=str(unit.pk))
    event = Event.objects.get(action="audit.setting.created", object_id=unit.pk)

    states = {state.model: bytes(state.digest) for state in State.objects.filter(event_id=event.pk)}
    assert states == {
        "auditlog.logentry": state_digest(entry),
        "security.unit": state_digest(Unit.objects.get(pk=unit.pk)),
    }
    assert event.object_label == "security.unit"
    assert "security.unit.name" in event.fields


def test_an_altered_journal_row_no_longer_fits_its_event(unit: Unit) -> None:
    entry = LogEntry.objects.get(object_pk=str(unit.pk))
    entry.changes = {"kind": [masking.MASK, masking.MASK]}
    event = Event.objects.get(action="audit.setting.created", object_id=unit.pk)

    state = State.objects.get(event_id=event.pk, model="auditlog.logentry")
    assert bytes(state.digest) != state_digest(entry)


def test_a_changed_and_a_deleted_setting_are_events(unit: Unit) -> None:
    unit.is_active = False
    unit.save(update_fields=["is_active"])
    key = unit.pk
    unit.delete()

    actions = Event.objects.filter(object_id=key).order_by("id").values_list("action", "fields")
    assert [action for action, _ in actions] == [
        "audit.setting.created",
        "audit.setting.changed",
        "audit.setting.deleted",
    ]
    assert actions[1][1] == ["security.unit.is_active"]
    assert State.objects.newest("security.unit", [key]).get().deleted


def test_the_journal_tells_about_whom_a_setting_is(unit: Unit, staff: User) -> None:
    membership = Membership.objects.create(user=staff, unit=unit)

    event = Event.objects.get(action="audit.setting.created", object_id=membership.pk)
    assert event.subjects == [staff.pk]


def test_a_change_that_touches_no_journalled_column_is_no_event(staff: User) -> None:
    before = Event.objects.count()
    staff.language = "zh-hans"
    staff.save(update_fields=["language"])

    assert Event.objects.count() == before


def test_a_setting_can_not_change_when_nobody_acts(db: None) -> None:
    with pytest.raises(NoContext):
        Organization.objects.create(identity="https://example.org|1")


@pytest.mark.parametrize("side", ["group", "account"])
def test_groups_given_and_taken_are_events(staff: User, side: str) -> None:
    group = Group.objects.create(name="night watch")
    if side == "group":
        group.user_set.add(staff)
        group.user_set.remove(staff)
    else:
        staff.groups.add(group)
        staff.groups.remove(group)

    events = Event.objects.filter(action="audit.permission.changed").order_by("id")
    assert [event.counts for event in events] == [{"added": 1}, {"removed": 1}]
    assert [event.subjects for event in events] == [[staff.pk]] * 2
    assert "night" not in everything_in("auditlog_logentry")


def test_permissions_given_and_taken_are_events(system: context.Context) -> None:
    group = Group.objects.create(name="night watch")
    group.permissions.set(Permission.objects.all()[:3])
    group.permissions.clear()

    events = Event.objects.filter(action="audit.permission.changed").order_by("id")
    assert [event.counts for event in events] == [{"added": 3}, {"cleared": 0}]
    assert {event.object_label for event in events} == {"auth.group"}


def test_nothing_added_is_no_event(staff: User) -> None:
    group = Group.objects.create(name="night watch")
    staff.groups.add(group)
    before = Event.objects.count()
    staff.groups.add(group)

    assert Event.objects.count() == before


def test_bulk_writes_pass_the_journal_by_and_their_deeds_record_them(
    system: context.Context,
) -> None:
    units = Unit.objects.bulk_create(
        [Unit(name=f"Ward {number}", kind=Unit.Kind.DEPARTMENT) for number in range(5)]
    )
    assert not LogEntry.objects.exists()

    event_id = trail.record("tests.deed.done", changed=units, counts={"units": len(units)})
    assert State.objects.filter(event_id=event_id).count() == 5
