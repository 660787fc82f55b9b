"""Declarations for the columns of library tables, which can not declare them themselves.

Level and purpose of every column that Django and its companions store; a new column without a
line here fails the guard test. Nothing of level 4 or 5 may ever stand in one of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models

from security.classification import Plain

_ACCESS = Plain(level=2, purpose="access")
_PERSON_ACCESS = Plain(level=3, purpose="access")
_TRAIL = Plain(level=3, purpose="trail")
_STRUCTURE = Plain(level=1, purpose="operation")
_SESSION = Plain(level=3, purpose="session")


def _all(plain: Plain, *names: str) -> Mapping[str, Plain]:
    return dict.fromkeys(names, plain)


LIBRARY_FIELDS: Mapping[str, Mapping[str, Plain]] = {
    "contenttypes.contenttype": _all(_STRUCTURE, "id", "app_label", "model"),
    "auth.permission": _all(_STRUCTURE, "id", "name", "content_type", "codename"),
    "auth.group": _all(_ACCESS, "id", "name"),
    "auth.group_permissions": _all(_ACCESS, "id", "group", "permission"),
    "security.user_groups": _all(_PERSON_ACCESS, "id", "user", "group"),
    "security.user_user_permissions": _all(_PERSON_ACCESS, "id", "user", "permission"),
    # A session holds ids, times and the stated purpose; the guard test looks for anything else.
    "sessions.session": _all(_SESSION, "session_key", "session_data", "expire_date"),
    "admin.logentry": _all(
        _TRAIL,
        "id",
        "action_time",
        "user",
        "content_type",
        "object_id",
        "object_repr",
        "action_flag",
        "change_message",
    ),
    # The journal masks every value by a constant and stores no remote address.
    "auditlog.logentry": _all(
        _TRAIL,
        "id",
        "content_type",
        "object_pk",
        "object_id",
        "object_repr",
        "serialized_data",
        "action",
        "changes_text",
        "changes",
        "actor",
        "cid",
        "remote_addr",
        "remote_port",
        "timestamp",
        "additional_data",
        "actor_email",
    ),
    # Generic object permissions are never used; the tables stay empty.
    "guardian.userobjectpermission": _all(
        _PERSON_ACCESS, "id", "permission", "content_type", "object_pk", "user"
    ),
    "guardian.groupobjectpermission": _all(
        _ACCESS, "id", "permission", "content_type", "object_pk", "group"
    ),
}


def for_model(model: type[models.Model]) -> Mapping[str, Plain] | None:
    """Return what is declared of a library's model, None for a model of ours or an unknown one."""
    return LIBRARY_FIELDS.get(model._meta.label_lower)
