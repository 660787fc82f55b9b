"""Audit reports: the list, one report on the screen or as PDF, and one that is made now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from audit import printing, tasks
from audit.forms.reports import Make
from audit.models import AuditReport
from audit.queries import report_pages
from audit.queries import reports as queries
from audit.services import report_papers, reports
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission

# Who reads incidents are those whom roles.py lets read the whole trail; every colleague reads the own part.
READ, MANAGE = Permission.INCIDENTS_READ, Permission.INCIDENTS_MANAGE


def manages(request: SignedInRequest) -> bool:
    """Tell whether somebody sets when reports are made."""
    return reach_of_user(request.user, MANAGE) is not Reach.NONE


def found(report_id: UUID) -> AuditReport:
    """Return a report; one that is not there does not exist."""
    try:
        return queries.find(report_id)
    except AuditReport.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(READ)
def index(request: SignedInRequest) -> HttpResponse:
    """Show the reports that were made and when the next ones are."""
    page = report_pages.index() | {"may_manage": manages(request), "form": Make()}
    return render(request, "audit/reports/list.html", page)


@require_POST
@requires(MANAGE)
def make(request: SignedInRequest) -> HttpResponseBase:
    """Have a report made now; who asks for one that is there is led to it."""
    form = Make(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose which time the report is of."))
        return redirect("audit:reports")
    try:
        row = reports.ask(**form.asked(), by=request.user)
    except reports.UnderWay as refusal:
        row = refusal.report
    if row.is_under_way:
        _start(request)
    else:
        messages.info(request, _("This report was made before; a whole period has one report."))
    return redirect("audit:report", row.pk)


def _start(request: SignedInRequest) -> None:
    try:
        tasks.work_on_reports.delay()
    except OperationalError:
        # The scheduler finds what waits and has it made.
        messages.info(request, _("The report will be made as soon as the worker is back."))


@require_safe
@requires(READ)
def report(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """Show a report, or that it is being made."""
    row = found(report_id)
    if row.state != AuditReport.State.READY:
        page = {"report": row, "head": report_pages.head(row), "may_manage": manages(request)}
        return render(request, "audit/reports/waiting.html", page)
    return render(request, "audit/reports/report.html", report_pages.report(row))


@require_safe
@requires(READ)
def progress(request: SignedInRequest, report_id: UUID) -> HttpResponse:
    """Show whether a report is made yet, as a part of its page; go to it once it is."""
    row = found(report_id)
    if row.state == AuditReport.State.READY:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    page = {"report": row, "head": report_pages.head(row), "may_manage": manages(request)}
    return render(request, "audit/reports/_progress.html", page)


@require_safe
@requires(READ)
def pdf(request: SignedInRequest, report_id: UUID, language: str) -> HttpResponse:
    """Give a report out as PDF in a language, as it was set and sealed once."""
    row = found(report_id)
    if language not in printing.LANGUAGES or row.state != AuditReport.State.READY:
        raise Http404
    try:
        written = report_papers.content_of(report=row, language=language, by=request.user)
    except printing.NotPrintable:
        return render(request, "503.html", status=503)
    reports.give_out(report=row, file=written, language=language, by=request.user)
    return HttpResponse(written, content_type="application/pdf", headers=_headers(row, language))


def _headers(row: AuditReport, language: str) -> dict[str, Any]:
    name = f"audit-report-{row.kind}-{row.starts_on:%Y-%m-%d}-{language}.pdf"
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
