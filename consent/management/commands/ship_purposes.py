"""Fills the register of purposes with those that come with the product."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from consent.services import purposes
from security import trail


class Command(BaseCommand):
    """`manage.py ship_purposes`: for a clinic that was set up before there was a register."""

    help = (
        "Make the shipped purposes that are not in the register yet; a second run changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them and tell how many."""
        with trail.acting_for(system="ship_purposes", purpose="HCOMPL"):
            count = purposes.ship()
        self.stdout.write(_("%(count)d purposes were entered.") % {"count": count})
