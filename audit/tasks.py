"""Work of the audit app without a request."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from audit.services import report_schedules, reports
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="audit.reports.work")
def work_on_reports() -> int:
    """Ask for the audit reports that are due, those missed as well; then make what waits."""
    made = 0
    with trail.acting_for(system="audit.reports", purpose="HCOMPL"):
        report_schedules.begin()
        reports.plan(now=timezone.now())
        while (report := reports.take()) is not None:
            made += report.state == report.State.MAKING and reports.make(report=report) is not None
    if made:
        log.info("made %d audit reports", made)
    return made
