"""Bring the small code list in that comes with the product."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from patients.services import codelists
from security import trail


class Command(BaseCommand):
    """Brings the shipped codes in; running it again changes nothing."""

    help = "Bring in the codes that come with the product; other lists come in by import_codes."

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring them in and say how many there were."""
        with trail.acting_for(system="load_codes", purpose="HSYSADMIN"):
            counts = codelists.load_shipped()
        self.stdout.write(
            _("Codes: %(created)d new, %(updated)d changed, %(unchanged)d as before.")
            % {
                "created": counts.created,
                "updated": counts.updated,
                "unchanged": counts.unchanged,
            }
        )
