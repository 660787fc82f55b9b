"""Appointments of one patient: looked at, booked, moved, cancelled, kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement import clocks
from engagement.forms import appointments as forms
from engagement.models import Appointment, Service
from engagement.queries import agenda, board, openings
from engagement.services import bookings, refusals
from patients.forms.versioned import Versioned
from patients.queries import search
from patients.views.chart import chart_of, opened, sent
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, WRITE = Permission.APPOINTMENTS_READ, Permission.APPOINTMENTS_WRITE
TAB, LONGEST_QUERY = "appointments", 80
STEPS = {
    "check_in": bookings.check_in,
    "start": bookings.start,
    "finish": bookings.finish,
    "miss": bookings.miss,
}


def shown(
    request: SignedInRequest, patient_id: UUID, panel: str, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render one page of appointments inside the patient's chart."""
    chart, page = opened(request, patient_id, TAB)
    page |= {"panel": panel, "patient_id": patient_id}
    page["may_write"] = chart.may(WRITE)
    return render(request, "patients/patient.html", page | more, status=status)


def found(patient_id: UUID, appointment_id: UUID) -> Appointment:
    """Return an appointment of a patient; one of somebody else does not exist."""
    try:
        return board.find(patient_id, appointment_id)
    except Appointment.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(READ, of="patient_id")
def of_patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show the appointments of one patient."""
    chart_of(request, patient_id)
    page = board.of_patient(request.user, patient_id, after=request.GET.get("after", ""))
    return shown(request, patient_id, "engagement/appointments/_index.html", {"appointments": page})


@require_safe
@requires(READ, of="patient_id")
def appointment(request: SignedInRequest, patient_id: UUID, appointment_id: UUID) -> HttpResponse:
    """Show one appointment and what can be said of it next."""
    row = found(patient_id, appointment_id)
    return _one(request, row)


def _one(request: SignedInRequest, row: Appointment, cancel: Any = None) -> HttpResponse:
    page = {
        "one": board.shown(row),
        "cancel": cancel or forms.Cancel(initial={"version": row.version}),
    }
    return shown(
        request, row.patient_id, "engagement/appointments/_one.html", page, 422 if cancel else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def whom(request: SignedInRequest) -> HttpResponse:
    """Find the patient for whom a time of the calendar is booked; what is typed stands in no address."""
    typed = request.POST.get("q", "")[:LONGEST_QUERY]
    at = clocks.read(request.GET.get("at", ""))
    page = {
        "q": typed,
        "when": clocks.words(at, clocks.zone()) if at else "",
        "query": request.GET.urlencode(),
        **search.find(request.user, typed),
    }
    return render(request, "engagement/appointments/whom.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def book(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Look for a free time and book it."""
    form = forms.Book(sent(request)) if request.method == "POST" else None
    if form is not None and form.is_valid():
        try:
            with refusals.noted(subjects=[patient_id], by=request.user):
                row = bookings.book(patient_id=patient_id, wish=form.wish(), by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Booked."))
            return redirect("engagement:appointment", patient_id, row.pk)
    return _looking(request, patient_id, form)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def move(request: SignedInRequest, patient_id: UUID, appointment_id: UUID) -> HttpResponseBase:
    """Look for another time and move an appointment to it."""
    row = found(patient_id, appointment_id)
    form = forms.Move(sent(request)) if request.method == "POST" else None
    if form is not None and form.is_valid():
        try:
            with refusals.noted(subjects=[patient_id], by=request.user):
                bookings.move(
                    appointment_id=row.pk, version=form.cleaned_data["version"], wish=form.wish(),
                    by=request.user,
                )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Moved. The old time is free."))
            return redirect("engagement:appointment", patient_id, row.pk)
    return _looking(request, patient_id, form, row)


def _looking(
    request: SignedInRequest, patient_id: UUID, form: Any, row: Appointment | None = None
) -> HttpResponse:
    """Show free times for what is asked; the time of the calendar that led here is ticked."""
    asked, at = _asked(request, row)
    page: dict[str, Any] = {"looking": _form(asked), "row": row, "asked": asked}
    chosen = agenda.read_id(asked["service"])
    service = Service.objects.active().filter(pk=chosen).first() if chosen else None
    if service is not None:
        times = openings.times(
            service, day=agenda.read_day(asked["day"]), clinician_id=agenda.read_id(asked["clinician"]),
            patient_id=patient_id, instead_of=row.pk if row else None,
        )  # fmt: skip
        page |= _offered(form, service, row) | {"times": times}
        page["ticked"] = page["form"].data.get("slot") or openings.first_from(times, at)
    status = 422 if form is not None and form.errors else 200
    return shown(request, patient_id, "engagement/appointments/_book.html", page, status)


def _form(asked: dict[str, str]) -> forms.Looking:
    # Of one person what this person gives: nothing else would find a time.
    offered = dict(openings.services(agenda.read_id(asked["clinician"])))
    return forms.Looking(initial=asked, services=offered)


def _asked(
    request: SignedInRequest, row: Appointment | None
) -> tuple[dict[str, str], datetime | None]:
    """Return what the address asks for, as far as it is to be had, and the time it comes from."""
    asked = {name: request.GET.get(name, "") for name in ("service", "clinician", "day", "at")}
    at = clocks.read(asked["at"])
    if row is not None and not request.GET:
        asked |= {"service": str(row.service_id), "clinician": str(row.clinician_id)}
        at = row.starts_at
    asked["at"] = clocks.written(at) if at and row is None else ""
    offered = dict(openings.services(agenda.read_id(asked["clinician"])))
    if asked["service"] not in offered:
        asked["service"] = next(iter(offered), "") if len(offered) == 1 else ""
    day = at.astimezone(clocks.zone()).date() if at and not asked["day"] else None
    asked["day"] = max(day or agenda.read_day(asked["day"]), clocks.today()).isoformat()
    return asked, at


def _offered(form: Any, service: Service, row: Appointment | None) -> dict[str, Any]:
    start: dict[str, Any] = {"service": service.pk}
    if form is None and row is not None:
        form = forms.Move(initial=start | {"version": row.version})
    return {"form": form or forms.Book(initial=start), "service": service.label}


@require_POST
@requires(WRITE, of="patient_id")
def cancel(request: SignedInRequest, patient_id: UUID, appointment_id: UUID) -> HttpResponseBase:
    """Cancel an appointment; its time is offered to who waits."""
    row = found(patient_id, appointment_id)
    form = forms.Cancel(request.POST)
    if form.is_valid():
        try:
            with refusals.noted(subjects=[patient_id], by=request.user):
                bookings.cancel(appointment_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Cancelled. The time is free again."))
            return redirect("engagement:appointment", patient_id, row.pk)
    return _one(request, row, form)


@require_POST
@requires(WRITE, of="patient_id")
def confirm(request: SignedInRequest, patient_id: UUID, appointment_id: UUID) -> HttpResponseBase:
    """Note that the patient will come."""
    row = found(patient_id, appointment_id)
    try:
        with refusals.noted(subjects=[patient_id], by=request.user):
            bookings.confirm(appointment_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    return redirect("engagement:appointment", patient_id, row.pk)


@require_POST
@requires(WRITE, of="patient_id")
def step(
    request: SignedInRequest, patient_id: UUID, appointment_id: UUID, deed: str
) -> HttpResponseBase:
    """Say of an appointment what happened: here, taken in, done, not come."""
    row = found(patient_id, appointment_id)
    form = Versioned(request.POST)
    if deed not in STEPS or not form.is_valid():
        raise Http404
    version = form.cleaned_data["version"]
    try:
        with refusals.noted(subjects=[patient_id], by=request.user):
            STEPS[deed](appointment_id=row.pk, version=version, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    if request.POST.get("back") == "board":
        return redirect("engagement:board")
    return redirect("engagement:appointment", patient_id, row.pk)
