"""Make Django's groups and memberships what the roles say."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from security import trail
from security.services import roles


class Command(BaseCommand):
    """Groups follow from roles; run after roles were changed in the code."""

    help = "Make one group per role with its model permissions, and give everybody the right ones."

    def handle(self, *args: Any, **options: Any) -> None:
        """Sync groups, then people."""
        with trail.acting_for(system="sync_roles", purpose="HSYSADMIN"):
            changes = roles.sync_groups()
            people = roles.follow_all()
        self.stdout.write(f"permissions changed: {changes}; people looked at: {people}")
