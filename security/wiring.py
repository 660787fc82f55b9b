"""What security receives from Django: the end of a migration, when groups are made."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.db.models.signals import post_migrate

from security.services import roles


def connect() -> None:
    """Receive what must be received; called once at start-up."""
    post_migrate.connect(make_groups, dispatch_uid="security.groups")


def make_groups(sender: Any, **options: Any) -> None:
    """Make the groups once the models' permissions are there."""
    if sender.name == "security" and Group._meta.db_table in connection.introspection.table_names():
        roles.sync_groups()
