"""Tells whether an audit report is what was made: the stored numbers against the digest in the trail."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from audit.models import AuditReport
from audit.queries import reports
from audit.queries.reports import Fault
from security import trail
from security.sealing import SealBroken

WHY = {
    Fault.NOT_MADE: "the report is not made yet",
    Fault.CONTENT: "the stored numbers do not have the digest of their row",
    Fault.COLUMNS: "the row names another time or another making than the numbers",
    Fault.NO_EVENT: "the trail holds no event of its making",
    Fault.EVENTS: "the trail holds more than one event of its making",
    Fault.EVENT: "the event in the trail holds another digest",
}


class Command(BaseCommand):
    """`manage.py verify_report ID`: match, or mismatch and why; exit code 0 or 1."""

    help = "Hold a stored audit report against the digest in the trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the id of the report."""
        parser.add_argument("report_id", type=UUID, metavar="ID")

    def handle(self, *args: Any, report_id: UUID, **options: Any) -> None:
        """Verify one report."""
        with trail.acting_for(system="verify_report", purpose="HCOMPL"):
            try:
                found = reports.proof(reports.find(report_id))
            except AuditReport.DoesNotExist:
                raise CommandError(_("There is no such report.")) from None
            except SealBroken:
                raise CommandError(
                    f"mismatch: {report_id}: the sealed report does not open"
                ) from None
        if found.fault is not None:
            raise CommandError(f"mismatch: {report_id}: {WHY[found.fault]}")
        event = found.event.pk if found.event is not None else ""
        self.stdout.write(f"match: {report_id}")
        self.stdout.write(f"sha256 {found.digest}")
        self.stdout.write(f"event  {event}")
