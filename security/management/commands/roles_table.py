"""Prints what each role may do, as the README shows it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from security.access import table


class Command(BaseCommand):
    """Print the table of roles in English, as Markdown."""

    help = "Print what each role may do, as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        with translation.override("en"):
            self.stdout.write(table.markdown(), ending="")
