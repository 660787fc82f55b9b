"""When audit reports are made: the page on which officers change it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.forms import reports as forms
from audit.models import ReportSchedule
from audit.models.report import Kind
from audit.queries import report_pages
from audit.queries import reports as queries
from audit.services import report_schedules
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

TEMPLATE = "audit/reports/schedule.html"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.INCIDENTS_MANAGE)
def edit(request: SignedInRequest, report_kind: str) -> HttpResponseBase:
    """Change when the reports of a kind are made and who is told."""
    if report_kind not in Kind.values:
        raise Http404
    row = queries.schedule_of(report_kind)
    form = _form(report_kind, row, request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return _shown(request, row, form, status=422 if form.errors else 200)
    try:
        setting = _setting(row, form.cleaned_data)
        version = form.cleaned_data["version"]
        report_schedules.change(kind=report_kind, version=version, setting=setting, by=request.user)
    except report_schedules.Conflict as conflict:
        return _conflict(request, conflict.row, form)
    except Refused as refusal:
        form.add_error(None, str(refusal.reason))
        return _shown(request, row, form, status=422)
    messages.success(request, _("The schedule is changed."))
    return redirect("audit:reports")


def _form(kind: str, row: ReportSchedule, data: Any) -> forms.Schedule:
    return forms.Schedule(data, initial=forms.initial_of(row), kind=kind, readers=queries.readers())


def _setting(row: ReportSchedule, said: dict[str, Any]) -> report_schedules.Setting:
    # The day that this kind does not use stays what it was.
    names = ("is_on", "weekday", "day", "hour", "recipients")
    return report_schedules.Setting(**{name: said.get(name, getattr(row, name)) for name in names})


def _shown(
    request: SignedInRequest, row: ReportSchedule, form: forms.Schedule, *, status: int
) -> HttpResponse:
    page = {"schedule": report_pages.schedule(row), "form": form}
    return render(request, TEMPLATE, page, status=status)


def _conflict(request: SignedInRequest, row: ReportSchedule, form: forms.Schedule) -> HttpResponse:
    """Show what is stored now beside what was typed; saving again writes over the former."""
    sent = cast(QueryDict, form.data).copy()
    sent["version"] = str(row.version)
    form.data = sent
    page = {
        "schedule": report_pages.schedule(row),
        "form": form,
        "differences": report_pages.differences(form, forms.initial_of(row)),
    }
    return render(request, TEMPLATE, page, status=409)
