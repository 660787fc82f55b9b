"""Joining two records of one person, and taking them apart."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients.forms.merging import Joining, OtherRecord, Undoing
from patients.models import Merge, Patient
from patients.queries import chart as charts
from patients.queries import contacts, merges
from patients.queries.chart import Chart
from patients.services import merges as deeds
from patients.services.versions import Conflict
from patients.views.chart import chart_of
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

WRITE = Permission.IDENTIFIERS_WRITE


@require_http_methods(["GET", "POST"])
@requires(WRITE, of="patient_id")
def choose(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show who may be the same person, and find another record by its number."""
    chart = chart_of(request, patient_id)
    form = OtherRecord(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["number"]
        other = contacts.find_number(request.user, number, besides=patient_id)
        if other is not None:
            return redirect("patients:merge", patient_id=patient_id, other_id=other)
        form.add_error("number", _("No other patient who is open to you has this record number."))
    page = _frame(chart) | {"form": form, "twins": merges.candidates(request.user, chart.patient)}
    status = 422 if form.errors else 200
    return render(request, "patients/registration/merge_choose.html", page, status=status)


@require_http_methods(["GET", "POST"])
@requires(WRITE, of="patient_id", step_up=True)
def merge(request: SignedInRequest, patient_id: UUID, other_id: UUID) -> HttpResponse:
    """Show both records side by side, then take the other one into the patient's."""
    chart, other = chart_of(request, patient_id), _other(request, other_id)
    conflicts = merges.conflicts(chart.patient, other)
    status = 200
    form = Joining(initial=_versions(chart.patient, other), conflicts=conflicts)
    if request.method == "POST":
        form, status = Joining(request.POST, conflicts=conflicts), 422
        if form.is_valid():
            try:
                return _merged(request, chart.patient, other, form)
            except Conflict:
                status = 409
                form = Joining(initial=_versions(chart.patient, other), conflicts=conflicts)
            except Refused as refusal:
                form.add_error(None, str(refusal.reason))
    page = _frame(chart) | {"form": form, "preview": merges.preview(chart.patient, other)}
    page |= {"other_url": other_id, "is_stale": status == 409}
    return render(request, "patients/registration/merge.html", page, status=status)


@require_http_methods(["GET", "POST"])
@requires(WRITE, of="patient_id", step_up=True)
def undo(request: SignedInRequest, patient_id: UUID, merge_id: UUID) -> HttpResponse:
    """Show what goes back to the other record and what stays, then take the two apart."""
    chart = chart_of(request, patient_id)
    try:
        row = merges.open_merge(patient_id, merge_id)
    except Merge.DoesNotExist:
        raise Http404 from None
    initial, status = {"survivor_version": chart.patient.version}, 200
    form = Undoing(initial=initial)
    if request.method == "POST":
        form, status = Undoing(request.POST), 422
        if form.is_valid():
            try:
                return _undone(request, row, form)
            except Conflict:
                form, status = Undoing(initial=initial), 409
            except Refused as refusal:
                form.add_error(None, str(refusal.reason))
    page = _frame(chart) | {"form": form, "preview": merges.undo_preview(row, chart.patient)}
    page["is_stale"] = status == 409
    return render(request, "patients/registration/unmerge.html", page, status=status)


def _other(request: SignedInRequest, other_id: UUID) -> Patient:
    """Return the other record, decided about as the first one was."""
    if other_id == request.resolver_match.kwargs["patient_id"]:  # type: ignore[union-attr]
        raise Refused(_("A record can not be merged with itself."))
    other = chart_of(request, other_id)
    if not other.may(WRITE):
        raise Http404
    survivor_id = request.resolver_match.kwargs["patient_id"]  # type: ignore[union-attr]
    deeds.compare(survivor_id=survivor_id, absorbed_id=other_id, by=request.user)
    return other.patient


def _versions(survivor: Patient, absorbed: Patient) -> dict[str, Any]:
    return {"survivor_version": survivor.version, "absorbed_version": absorbed.version}


def _merged(
    request: SignedInRequest, survivor: Patient, absorbed: Patient, form: Joining
) -> HttpResponse:
    given = form.cleaned_data
    deeds.merge(
        survivor_id=survivor.pk,
        survivor_version=given["survivor_version"],
        absorbed_id=absorbed.pk,
        absorbed_version=given["absorbed_version"],
        choices=form.choices(),
        is_birth_confirmed=bool(given.get("is_birth_confirmed")),
        reason=given["reason"],
        by=request.user,
    )
    messages.success(request, _("The two records are one now. The merge can be undone here."))
    return redirect("patients:contacts", patient_id=survivor.pk)


def _undone(request: SignedInRequest, row: Merge, form: Undoing) -> HttpResponse:
    given = form.cleaned_data
    deeds.undo(
        merge_id=row.pk,
        survivor_version=given["survivor_version"],
        reason=given["reason"],
        by=request.user,
    )
    messages.success(request, _("The two records are apart again."))
    return redirect("patients:contacts", patient_id=row.absorbed_id)


def _frame(chart: Chart) -> dict[str, Any]:
    return {
        "banner": charts.banner(chart, "contacts"),
        "patient_id": chart.patient.pk,
        "back_url": chart.url("contacts"),
    }
