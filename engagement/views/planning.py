"""What is offered by appointment: services, rooms and hours, for who sets the clinic up; and absences."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.forms import planning as forms
from engagement.models import Absence, Room, Service, WorkingHours
from engagement.queries import absences as away
from engagement.queries import agenda, openings
from engagement.services import absences, planning, refusals
from engagement.services.planning import Offer
from patients.views.chart import sent
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, MANAGE = Permission.ADMINISTRATION_READ, Permission.ADMINISTRATION_MANAGE
PLAN, LOOK = Permission.APPOINTMENTS_WRITE, Permission.APPOINTMENTS_READ


@require_safe
@requires(READ)
def index(request: SignedInRequest) -> HttpResponse:
    """Show what is offered, by whom, where and when."""
    return _shown(request)


def _shown(request: SignedInRequest, adding: Form | None = None) -> HttpResponse:
    page = openings.planning() | {"adding": adding or forms.AddHours()}
    return render(request, "engagement/planning/planning.html", page, status=422 if adding else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def service(request: SignedInRequest, service_id: UUID | None = None) -> HttpResponseBase:
    """Add a service, or change one."""
    row = get_object_or_404(Service, pk=service_id) if service_id else None
    form = forms.SetService(sent(request), initial=_service(row))
    if form.is_valid():
        people = [UUID(one) for one in form.cleaned_data["people"]]
        try:
            with refusals.noted(by=request.user):
                planning.set_service(
                    service_id=service_id, offer=form.offer(), user_ids=people, by=request.user
                )
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Saved."))
            return redirect("engagement:planning")
    page = {"form": form, "row": row, "title": _("Service") if row else _("New service")}
    return render(
        request, "engagement/planning/form.html", page, status=422 if form.errors else 200
    )


def _service(row: Service | None) -> dict[str, Any]:
    if row is None:
        return {}
    gives = row.practitioners.filter(is_active=True).values_list("user_id", flat=True)
    said = {name: getattr(row, name) for name in Offer.__slots__}
    return said | {"people": [str(one) for one in gives]}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def room(request: SignedInRequest, room_id: UUID | None = None) -> HttpResponseBase:
    """Add a room, or change one."""
    row = get_object_or_404(Room, pk=room_id) if room_id else None
    names = ("name", "name_zh", "is_active")
    start = {name: getattr(row, name) for name in names} if row else {}
    form = forms.SetRoom(sent(request), initial=start)
    if form.is_valid():
        try:
            with refusals.noted(by=request.user):
                planning.set_room(room_id=room_id, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Saved."))
            return redirect("engagement:planning")
    page = {"form": form, "row": row, "title": _("Room") if row else _("New room")}
    return render(
        request, "engagement/planning/form.html", page, status=422 if form.errors else 200
    )


@require_POST
@requires(MANAGE)
def add_hours(request: SignedInRequest) -> HttpResponseBase:
    """Let somebody give appointments on some weekdays."""
    form = forms.AddHours(request.POST)
    if form.is_valid():
        try:
            with refusals.noted(by=request.user):
                planning.add_hours(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The hours are entered."))
            return redirect("engagement:planning")
    return _shown(request, form)


@require_POST
@requires(MANAGE)
def remove_hours(request: SignedInRequest, hours_id: UUID) -> HttpResponseBase:
    """Take hours out from now on."""
    row = get_object_or_404(WorkingHours, pk=hours_id)
    planning.remove_hours(hours_id=row.pk, by=request.user)
    messages.success(request, _("Taken out. What is booked stays booked."))
    return redirect("engagement:planning")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(PLAN, LOOK)
def absent(request: SignedInRequest) -> HttpResponseBase:
    """List times without appointments, and enter one."""
    plans, for_all = agenda.may_plan(request.user), away.plans_for_all(request.user)
    whom = openings.people()
    if not for_all:
        whom = [pair for pair in whom if pair[0] == str(request.user.pk)]
    form = forms.AddAbsence(sent(request), whom=whom, for_all=for_all) if plans else None
    if form is not None and form.is_valid():
        try:
            with refusals.noted(by=request.user):
                absences.add(by=request.user, **form.wish())
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Entered. What is booked then has to be moved."))
            return redirect("engagement:absences")
    page = {"rows": away.listed(request.user), "form": form, "view": "absences", "may_plan": plans}
    page["may_enter"] = bool(for_all or whom)
    status = 422 if form is not None and form.errors else 200
    return render(request, "engagement/calendar/absences.html", page, status=status)


@require_POST
@requires(PLAN)
def present(request: SignedInRequest, absence_id: UUID) -> HttpResponseBase:
    """Take an absence back: the own, or for reception anybody's."""
    try:
        row = away.find(request.user, absence_id)
    except Absence.DoesNotExist:
        raise Http404 from None
    try:
        absences.remove(absence_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    else:
        messages.success(request, _("Taken back. The time is open again."))
    return redirect("engagement:absences")
