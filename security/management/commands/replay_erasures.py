"""Do every erasure of the ledger again, in this database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from security import trail
from security.backups import erasures


class Command(BaseCommand):
    """Reads the ledger of erasures and does each again; what is erased already stays so."""

    help = (
        "Erase again whoever the ledger of erasures names, after a database came back by other means than"
        " restore_backup. Exit code 1 where the ledger is missing, cut or altered."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the ledger, if it is not where the settings say."""
        parser.add_argument("--ledger", type=Path, help="file of the ledger")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay, and say how much was found."""
        with trail.acting_for(system="replay_erasures", purpose="HSYSADMIN"):
            try:
                lines = erasures.read(options["ledger"] or erasures.path())
            except erasures.LedgerBroken as fault:
                self.stderr.write(_("Nothing was erased: %(why)s.") % {"why": fault})
                sys.exit(1)
            count, found = erasures.replay(lines)
        self.stdout.write(
            _("%(count)d erasures were done again; %(found)d keys and rows were still there.")
            % {"count": count, "found": found}
        )
