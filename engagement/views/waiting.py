"""The waiting list: who would come sooner, and the times that became free for them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement import clocks
from engagement.forms import appointments as forms
from engagement.models import SlotOffer, WaitingEntry
from engagement.queries import agenda, board
from engagement.services import offers, refusals, waiting
from engagement.views.appointments import shown
from patients.forms.versioned import Versioned
from patients.views.chart import sent
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, WRITE = Permission.APPOINTMENTS_READ, Permission.APPOINTMENTS_WRITE


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """List who waits, longest first, and what is offered to them."""
    page = board.waiting_page(request.user)
    page |= {"view": "waiting", "may_plan": agenda.may_plan(request.user)}
    return render(request, "engagement/calendar/waiting.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def add(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Put a patient on the waiting list."""
    start = {"first_on": clocks.today(), "service": request.GET.get("service", "")}
    form = forms.Wait(sent(request), initial=start)
    if form.is_valid():
        try:
            with refusals.noted(subjects=[patient_id], by=request.user):
                waiting.add(patient_id=patient_id, wish=form.wish(), by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("On the waiting list."))
            return redirect("engagement:appointments", patient_id)
    status = 422 if form.errors else 200
    return shown(request, patient_id, "engagement/appointments/_wait.html", {"form": form}, status)


@require_POST
@requires(WRITE, of="patient_id")
def withdraw(request: SignedInRequest, patient_id: UUID, entry_id: UUID) -> HttpResponseBase:
    """Take a patient off the waiting list."""
    row = get_object_or_404(
        WaitingEntry.objects.defer("sealed"), pk=entry_id, patient_id=patient_id
    )
    form = Versioned(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        with refusals.noted(subjects=[patient_id], by=request.user):
            waiting.withdraw(entry_id=row.pk, version=form.cleaned_data["version"], by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    return _back(request, patient_id)


@require_POST
@requires(WRITE, of="patient_id")
def accept(request: SignedInRequest, patient_id: UUID, offer_id: UUID) -> HttpResponseBase:
    """Book a time that became free for a patient who said yes to it."""
    row = get_object_or_404(SlotOffer, pk=offer_id, entry__patient_id=patient_id)
    try:
        with refusals.noted(subjects=[patient_id], by=request.user):
            taken = offers.accept(offer_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
        return _back(request, patient_id)
    messages.success(request, _("Booked."))
    return redirect("engagement:appointment", patient_id, taken.pk)


@require_POST
@requires(WRITE, of="patient_id")
def decline(request: SignedInRequest, patient_id: UUID, offer_id: UUID) -> HttpResponseBase:
    """Note that a patient does not want an offered time."""
    row = get_object_or_404(SlotOffer, pk=offer_id, entry__patient_id=patient_id)
    try:
        with refusals.noted(subjects=[patient_id], by=request.user):
            waiting.decline(offer_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    return _back(request, patient_id)


def _back(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    if request.POST.get("back") == "list":
        return redirect("engagement:waiting")
    return redirect("engagement:appointments", patient_id)
