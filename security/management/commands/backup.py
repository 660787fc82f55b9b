"""Make a backup now."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from tqdm import tqdm

from security import trail
from security.models import Backup
from security.services import backups

FAILED, BUSY, UNREADABLE = 1, 4, 5


class Command(BaseCommand):
    """Encrypts a dump, the sealed files and the data keys to age public keys, and reads them back."""

    help = (
        "Make a backup in CUSTODIA_BACKUPS, encrypted to the public keys of CUSTODIA_BACKUP_RECIPIENTS. Exit"
        " code 0: good, read back and authenticated; 1: failed; 4: another one is being made; 5: the"
        " database does not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how much to say."""
        parser.add_argument("--quiet", action="store_true", help="show no progress")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and say what came of it."""
        with (
            trail.acting_for(system="backup", purpose="HSYSADMIN"),
            tqdm(unit="B", unit_scale=True, leave=False, disable=options["quiet"] or None) as bar,
        ):

            def told(row: Backup) -> None:
                bar.set_description_str(str(row.get_stage_display()), refresh=False)
                bar.update(row.bytes_done - bar.n)

            try:
                row = backups.perform(told=told)
            except backups.Busy:
                self._end(_("Another backup of this database or folder is being made."), BUSY)
            except DatabaseError as error:
                why = {"why": type(error).__name__}
                self._end(_("The database does not answer: %(why)s") % why, UNREADABLE)
        if row.state != Backup.State.GOOD:
            self._end(str(row.get_fault_display()), FAILED)
        self.stdout.write(
            _("%(name)s: %(size)s, %(rows)d rows, %(files)d files, read back and good.")
            % {
                "name": row.name,
                "size": filesizeformat(row.size),
                "rows": row.rows_count,
                "files": row.files_count,
            }
        )
        if row.files_missing:
            missing = {"count": row.files_missing}
            self.stderr.write(_("Files that rows name and that are gone: %(count)d.") % missing)

    def _end(self, sentence: str, code: int) -> None:
        self.stderr.write(sentence)
        sys.exit(code)
