"""Bring a backup back, into an empty database."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from security import trail
from security.backups import age
from security.backups.erasures import Line
from security.services import restores

STEPS = {"verify": "verify", "restore": "restore", "index": "index"}


class Command(BaseCommand):
    """Verifies archives, restores tables and files, makes roles, rebuilds search, compares counts."""

    help = (
        "Restore a backup into the empty database of DATABASE_URL (as its administrator) and the empty"
        " folder of CUSTODIA_FILES. Everything is authenticated before anything is written. Exit code 1 with"
        " one sentence when it fails; the database is then empty again."
    )
    # The tables are not there yet.
    requires_migrations_checks = False
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder of the backup, of its data keys, and the private key."""
        parser.add_argument("folder", type=Path, help="folder of one backup")
        parser.add_argument("--identity", type=Path, required=True, help="file of the private key")
        parser.add_argument(
            "--keys", type=Path, help="folder of the data keys; the newest set in it is taken"
        )
        parser.add_argument(
            "--erasures", type=Path, help="ledger of erasures; beside the data keys, unless named"
        )
        parser.add_argument(
            "--without-erasures",
            action="store_true",
            help="restore although the ledger is missing or cut: people who were erased come back",
        )
        parser.add_argument("--quiet", action="store_true", help="show no progress")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, and say how long it took and from when the state is."""
        began = timezone.now()
        try:
            done = self._restore(options)
        except restores.RestoreRefused as refusal:
            self._end(str(refusal))
        except DatabaseError as error:
            self._end(f"the database refused: {type(error).__name__}")
        except OSError as error:
            self._end(f"a file could not be read or written: {error.strerror}")
        took = int((timezone.now() - began).total_seconds())
        self.stdout.write(
            _(
                "Restored: %(rows)d rows, %(files)d files, %(indexed)d rows of search."
                " State of %(at)s; it took %(took)d seconds."
            )
            % {
                "rows": done.rows, "files": done.files, "indexed": done.indexed,
                "at": done.made_at.isoformat(timespec="seconds"), "took": took,
            }
        )  # fmt: skip
        if done.erased:
            again = {"count": done.erased}
            self.stdout.write(_("Erased again, as the ledger says: %(count)d.") % again)
        if done.without_file:
            missing = {"count": done.without_file}
            self.stderr.write(_("Files that rows name and that are gone: %(count)d.") % missing)

    def _restore(self, options: dict[str, Any]) -> restores.Restored:
        identities = age.identities(options["identity"])
        with (
            trail.acting_for(system="restore_backup", purpose="HSYSADMIN"),
            tqdm(unit="B", unit_scale=True, leave=False, disable=options["quiet"] or None) as bar,
        ):
            here: list[str] = []

            def told(step: str, part: int, total: int) -> None:
                if here != [step]:
                    here[:] = [step]
                    bar.reset(total)
                    bar.set_description_str(STEPS[step])
                bar.update(part)

            records, keys = restores.prepare(
                folder=options["folder"], keys=options["keys"], identities=identities
            )
            ledger: Sequence[Line] = ()
            if not options["without_erasures"]:
                ledger = restores.ledger_of(records=records, keys=keys, place=options["erasures"])
            return restores.restore(
                records=records, keys=keys, identities=identities, ledger=ledger, told=told
            )

    def _end(self, sentence: str) -> None:
        self.stderr.write(_("Not restored: %(why)s.") % {"why": sentence})
        sys.exit(1)
