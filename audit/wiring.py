"""What audit receives from others: the trail's entries, the journal's rows, changed permissions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from auditlog.models import LogEntry
from auditlog.signals import post_log
from django.apps import apps
from django.db import models, transaction
from django.db.models.signals import m2m_changed, pre_delete, pre_save

from audit import journal, names, writer
from security import context, trail
from security.models import User

ACTIONS: dict[int, str] = {
    LogEntry.Action.CREATE: "audit.setting.created",
    LogEntry.Action.UPDATE: "audit.setting.changed",
    LogEntry.Action.DELETE: "audit.setting.deleted",
}
MEMBER_CHANGES = {"post_add": "added", "post_remove": "removed", "post_clear": "cleared"}


class Unjournalled(RuntimeError):
    """A journalled model would be changed outside a transaction: change and journal could part."""


def connect() -> None:
    """Plug audit in; called once at start-up."""
    trail.install(writer.write)
    for label in journal.JOURNALLED:
        model = apps.get_model(label)
        pre_save.connect(refuse_autocommit, sender=model, dispatch_uid="audit.autocommit")
        pre_delete.connect(refuse_autocommit, sender=model, dispatch_uid="audit.autocommit")
    # After them: receivers run in the order they came, and the journal must not write first.
    journal.register()
    for label, field in journal.MEMBERSHIPS:
        through = getattr(apps.get_model(label), field).through
        m2m_changed.connect(record_membership, sender=through, dispatch_uid="audit.membership")
    pre_save.connect(strip, sender=LogEntry, dispatch_uid="audit.strip")
    post_log.connect(record_journal, dispatch_uid="audit.journal")


def refuse_autocommit(
    sender: type[models.Model], update_fields: frozenset[str] | None = None, **options: Any
) -> None:
    """Refuse to write a journalled model outside a transaction."""
    if update_fields is not None and not journal.fields_of(sender) & update_fields:
        return
    if not transaction.get_connection(options.get("using")).in_atomic_block:
        raise Unjournalled(sender._meta.label)


def strip(instance: LogEntry, **options: Any) -> None:
    """Leave in a journal row nothing that names a person or comes from a header."""
    instance.object_repr = f"{instance.content_type.model} {instance.object_pk}"
    instance.remote_addr = instance.remote_port = None
    instance.actor = instance.actor_email = None
    instance.additional_data = instance.serialized_data = None
    instance.changes_text = ""
    instance.cid = str(context.current().request_id)


def record_journal(instance: models.Model, log_entry: LogEntry | None, **options: Any) -> None:
    """Write one event for a journal row, with the states of that row and of the object."""
    if log_entry is None:
        return
    is_gone = log_entry.action == LogEntry.Action.DELETE
    trail.record(
        ACTIONS[log_entry.action],
        subjects=_people(instance),
        changed=[log_entry] if is_gone else [log_entry, instance],
        deleted=[instance] if is_gone else [],
        obj=instance,
        fields=[f"{names.label_of(type(instance))}.{name}" for name in log_entry.changes or {}],
    )


def record_membership(
    sender: type[models.Model], instance: models.Model, action: str, pk_set: Any, **options: Any
) -> None:
    """Write one event when permissions or groups are given or taken; auditlog can not mask it."""
    change = MEMBER_CHANGES.get(action)
    if change is None or (not pk_set and change != "cleared"):
        return
    members: list[UUID] = []
    if options["reverse"] and issubclass(options["model"], User):
        members = sorted(pk_set or ())
    trail.record(
        "audit.permission.changed",
        subjects=[*_people(instance), *members],
        obj=instance,
        fields=[sender._meta.label_lower],
        counts={change: len(pk_set or ())},
    )


def _people(instance: models.Model) -> list[UUID]:
    """Return the account that a row is about."""
    if isinstance(instance, User):
        return [instance.pk]
    user_id = getattr(instance, "user_id", None)
    return [user_id] if isinstance(user_id, UUID) else []
