"""Audit reports on paper: set once in each language, sealed, and given out as they were set."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from audit import printing
from audit.models import AuditReport, ReportPaper
from audit.queries import report_pages
from audit.queries import reports as queries
from security import trail
from security.access.gate import Refused
from security.models import User
from security.sealing import SealBroken, files

log = logging.getLogger(__name__)

MOST_BYTES = 32 * 1024 * 1024


class Damaged(Refused):
    """The file is not what was sealed, or it is gone."""


def keep_all(*, report: AuditReport) -> None:
    """Set a report that was made in every language; what can not be set now is set when it is asked for."""
    for language in printing.LANGUAGES:
        try:
            keep(report=report, language=language, by=None)
        except printing.NotPrintable:
            log.exception("the paper of an audit report could not be set")


@transaction.atomic
def keep(*, report: AuditReport, language: str, by: User | None) -> ReportPaper:
    """Set a report in one language and keep it sealed, unless that was done before; raise NotPrintable."""
    rows = AuditReport.objects.select_for_update(of=("self",))
    locked: AuditReport = rows.get(pk=report.pk)
    there = ReportPaper.objects.filter(report=locked, language=language).first()
    if there is not None:
        return there
    written = files.write([_set(locked, language)], most=MOST_BYTES)
    row = ReportPaper(
        report=locked,
        language=language,
        digest=written.sha256,
        file_id=written.file_id,
        file_key=written.key,
    )
    row.save()
    trail.record(
        "audit.report_paper.kept",
        changed=[row],
        obj=locked,
        fields=[f"language:{language}", f"sha256:{written.sha256}"],
        by=by,
    )
    return row


def content_of(*, report: AuditReport, language: str, by: User) -> bytes:
    """Return the kept paper of a report; one that is not there yet is set now. Raise NotPrintable, Damaged.

    What was altered since it was made is set with a warning, and not kept.
    """
    row = ReportPaper.objects.filter(report=report, language=language).first()
    if row is None and queries.proof(report).fault is not None:
        return _set(report, language)
    row = row or keep(report=report, language=language, by=by)
    try:
        return files.read_all(row.file_id, row.file_key or "")
    except SealBroken:
        raise Damaged(_("The kept file of this report can not be opened.")) from None


def _set(report: AuditReport, language: str) -> bytes:
    with translation.override(printing.LANGUAGES[language]):
        return printing.report(report_pages.paper(report))
