"""Check the posture now."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from security import trail
from security.models import Evidence
from security.posture import checks
from security.services import posture


class Command(BaseCommand):
    """Asks every check of the posture, keeps the answers as evidence and prints them."""

    help = (
        "Check security settings, migrations, certificates, keys, second factors, advisories, backups and"
        " records. Exit code 1 when something is not in order."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and print."""
        with trail.acting_for(system="posture", purpose="HSYSADMIN"):
            rows = {row.check_key: row for row in posture.collect()}
        for check in checks():
            row = rows[check.key]
            since = timezone.localtime(row.since).strftime("%Y-%m-%d %H:%M")
            self.stdout.write(f"{row.outcome:<8} {check.label} ({since})")
            for note in row.notes:
                self.stdout.write(f"         {check.sentence(note)}")
        if any(row.outcome == Evidence.Outcome.BAD for row in rows.values()):
            sys.exit(1)
