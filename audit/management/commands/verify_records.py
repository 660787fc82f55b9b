"""Hold every row against the newest state that the trail keeps of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from tqdm import tqdm

from audit import coverage
from audit.models import RecordCheck
from audit.queries.records import Mismatch
from audit.services import record_checks
from security import trail

FOUND, BUSY, UNREADABLE = 3, 4, 5


class Command(BaseCommand):
    """Finds rows changed, rolled back, inserted or deleted behind the application's back."""

    help = (
        "Compare every row with its newest state on the trail. A stopped run goes on where it was. Exit code"
        " 0: nothing found; 3: differences found, one line each; 4: another process compares; 5: the"
        " database does not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to begin again."""
        parser.add_argument(
            "--restart", action="store_true", help="begin again instead of going on"
        )
        parser.add_argument("--quiet", action="store_true", help="show no progress")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and print what differs."""
        try:
            with (
                trail.acting_for(system="verify_records", purpose="HSYSADMIN"),
                record_checks.alone(),
            ):
                check = self._compare(options)
        except record_checks.AlreadyRunning as refusal:
            self.stderr.write(str(refusal.reason))
            sys.exit(BUSY)
        except DatabaseError as error:
            self.stderr.write(
                _("The database does not answer: %(why)s") % {"why": type(error).__name__}
            )
            sys.exit(UNREADABLE)
        self.stdout.write(
            _("%(rows)d rows compared, %(found)d differ.")
            % {"rows": check.rows_done, "found": check.findings_count}
        )
        if check.state == RecordCheck.State.FOUND:
            sys.exit(FOUND)

    def _compare(self, options: dict[str, Any]) -> RecordCheck:
        check = record_checks.begin(restart=options["restart"])
        if check.rows_done:
            self.stdout.write(_("Going on after %(rows)d rows.") % {"rows": check.rows_done})
            # What was found before the stop belongs to this run.
            for one in check.findings.order_by("id").iterator():
                self._say(one.model, str(one.why), one.object_id)
        rows = _("rows")
        with tqdm(
            total=_about(), initial=check.rows_done, unit=f" {rows}", leave=False,
            disable=options["quiet"] or None,
        ) as bar:  # fmt: skip

            def told(now: RecordCheck, found: Sequence[Mismatch]) -> None:
                bar.update(now.rows_done - bar.n)
                for one in found:
                    with bar.external_write_mode():
                        self._say(one.model, one.why, one.object_id)

            return record_checks.work(check, told=told)

    def _say(self, model: str, why: str, object_id: object) -> None:
        self.stdout.write(f"{model} {object_id} {why}")


def _about() -> int:
    """Return about how many rows there are: what the planner knows, no count."""
    tables = [model._meta.db_table for model in coverage.compared()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(%s)",
            [tables],
        )
        return int(cursor.fetchone()[0])
