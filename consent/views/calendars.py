"""The calendar of working days: looked at by year, edited, and read in from a list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.forms import calendars as forms
from consent.models import CalendarDay
from consent.queries import calendar as queries
from consent.queries import officers
from consent.services import calendars
from patients.forms.versioned import Versioned
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, MANAGE = Permission.RIGHTS_READ, Permission.RIGHTS_MANAGE


def _year(request: SignedInRequest) -> int:
    text = request.GET.get("year", "")
    is_known = text.isdecimal() and calendars.FIRST_YEAR <= int(text) <= calendars.LAST_YEAR
    return int(text) if is_known else queries.today().year


def _back(year: int) -> HttpResponseBase:
    return redirect(f"{reverse('consent:calendar')}?year={year}")


@require_safe
@requires(READ)
def year(request: SignedInRequest) -> HttpResponse:
    """Show the days of one year that differ from the week."""
    return _shown(request)


def _shown(request: SignedInRequest, **wrong: Form) -> HttpResponse:
    chosen = _year(request)
    page: dict[str, Any] = queries.page(chosen) | {"year": chosen}
    page["years"] = queries.years(queries.today())
    page["manages"] = officers.may_work(request.user)
    if page["manages"]:
        page |= {"adding": forms.Add(), "reading": forms.ReadIn()}
    status = 422 if wrong else 200
    return render(request, "consent/calendar/year.html", page | wrong, status=status)


@require_POST
@requires(MANAGE)
def add(request: SignedInRequest) -> HttpResponseBase:
    """Put one day into the calendar."""
    form = forms.Add(request.POST)
    if form.is_valid():
        try:
            row = calendars.add(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The day is in the calendar."))
            return _back(row.day.year)
    return _shown(request, adding=form)


@require_POST
@requires(MANAGE)
def read_in(request: SignedInRequest) -> HttpResponseBase:
    """Read in a list of days."""
    form = forms.ReadIn(request.POST, request.FILES)
    if form.is_valid():
        try:
            rows = calendars.read_in(text=form.cleaned_data["file"], by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The list is read in."))
            return _back(rows[0].day.year)
    return _shown(request, reading=form)


@require_POST
@requires(MANAGE)
def take_over(request: SignedInRequest) -> HttpResponseBase:
    """Copy the announced days of a year, so that they can be edited."""
    chosen = _year(request)
    try:
        calendars.take_over(year=chosen, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    return _back(chosen)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def change(request: SignedInRequest, day_id: UUID) -> HttpResponseBase:
    """Correct one day."""
    row = _found(day_id)
    start = {name: getattr(row, name) for name in ("version", "kind", "name", "name_zh")}
    form = forms.Change(request.POST if request.method == "POST" else None, initial=start)
    if form.is_valid():
        try:
            calendars.change(day_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The day is changed."))
            return _back(row.day.year)
    page = {"form": form, "day": row}
    return render(request, "consent/calendar/day.html", page, status=422 if form.errors else 200)


@require_POST
@requires(MANAGE)
def remove(request: SignedInRequest, day_id: UUID) -> HttpResponseBase:
    """Take one day out of the calendar."""
    row, form = _found(day_id), Versioned(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else 0
    try:
        calendars.remove(day_id=row.pk, version=version, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    else:
        messages.success(request, _("The day is out of the calendar."))
    return _back(row.day.year)


def _found(day_id: UUID) -> CalendarDay:
    try:
        return queries.find(day_id)
    except CalendarDay.DoesNotExist:
        raise Http404 from None
