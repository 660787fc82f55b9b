"""Registering a person, with a warning while typing, and correcting who the person is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from patients import demographics
from patients.forms.registration import Details, Registration
from patients.informing import Told
from patients.models import Patient
from patients.queries import chart as charts
from patients.queries import colleagues, drafts, duplicates, guardians
from patients.queries.chart import Chart
from patients.queries.duplicates import Found, Probe
from patients.services import drafts as drafted
from patients.services import registration
from patients.services.versions import Conflict, NothingChanged
from patients.views import conflicts
from patients.views.chart import chart_of
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.models import User

FORM = "patient"


@require_http_methods(["GET", "POST"])
@requires(Permission.IDENTIFIERS_WRITE)
def register(request: SignedInRequest) -> HttpResponse:
    """Register somebody; who may be here already is shown before and after the form is sent."""
    found: list[Found] = []

    def find_twins(given: dict[str, Any]) -> bool:
        found.extend(_twins(request.user, given))
        return bool(found)

    clinicians = colleagues.clinicians()
    if request.method == "POST":
        form = Registration(request.POST, clinicians=clinicians, find_twins=find_twins)
        if form.is_valid():
            return _registered(request, form.cleaned_data)
        page = {"form": form, "twins": duplicates.rows(found or _probed(request.user, form))}
        return render(request, "patients/registration/new.html", page, status=422)
    kept = drafts.find(request.user, form=FORM, patient_id=None)
    form = Registration(initial=kept.content if kept else None, clinicians=clinicians)
    page = {"form": form, "kept_at": kept.updated_at if kept else None, "twins": []}
    return render(request, "patients/registration/new.html", page)


@require_POST
@requires(Permission.IDENTIFIERS_WRITE)
def twins(request: SignedInRequest) -> HttpResponse:
    """Show who may be the person that is being typed in."""
    form = Registration(request.POST, clinicians=())
    page = {"twins": duplicates.rows(_probed(request.user, form))}
    return render(request, "patients/registration/_twins.html", page)


def _probed(user: User, form: Registration) -> list[Found]:
    """Return who may be meant by what is right so far of an unfinished form."""
    form.is_valid()
    blank = dict.fromkeys(demographics.STORED_IN, "") | {"birth_on": None}
    given = blank | {name: form.cleaned_data[name] for name in blank if form.cleaned_data.get(name)}
    return _twins(user, given)


def _twins(user: User, given: dict[str, Any]) -> list[Found]:
    return duplicates.find(user, Probe.of(demographics.stored(given)))


def _registered(request: SignedInRequest, given: dict[str, Any]) -> HttpResponse:
    doctor = User.objects.get(pk=given["doctor"]) if given["doctor"] else None
    fields = demographics.stored(given)
    patient = registration.register(
        fields=fields, doctor=doctor, told=_told(given), by=request.user
    )
    # Without the number: what a message says waits in a cookie for the next page, which shows it.
    messages.success(request, _("Registered. The record number stands beside the name."))
    if guardians.is_minor(patient):
        # A guardian is asked for at once, while the person stands at the desk.
        return redirect("patients:contacts", patient_id=patient.pk)
    return redirect("patients:patient", patient_id=patient.pk)


def _told(given: Mapping[str, Any]) -> Told | None:
    """Return how the person was told of the notice, where there is one."""
    if not given.get("told"):
        return None
    return Told(given["told"], given.get("language") or "", bool(given.get("acknowledged")))


@require_http_methods(["GET", "POST"])
@requires(Permission.DEMOGRAPHICS_WRITE, of="patient_id")
def details(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Correct name, contact and, for those who may, the numbers of a patient."""
    chart = chart_of(request, patient_id)
    page, read = _frame(chart), _shown(chart.patient)
    with_numbers = chart.may(Permission.IDENTIFIERS_WRITE)
    if request.method == "POST":
        form = Details(request.POST, initial=read, with_numbers=with_numbers)
        status = 422
        if form.is_valid():
            try:
                return _corrected(request, chart.patient, form.cleaned_data)
            except Conflict as conflict:
                return conflicts.show(request, conflict, form=form, initial_of=_shown, page=page)
    else:
        about = {"patient_id": patient_id, "target_id": patient_id}
        kept = drafts.find(request.user, form=FORM, **about)
        typed = {**kept.content, "version": kept.target_version} if kept else {}
        initial = {**read, "version": chart.patient.version, **typed}
        form, status = Details(initial=initial, with_numbers=with_numbers), 200
        page["kept_at"] = kept.updated_at if kept else None
    return render(
        request, "patients/registration/details.html", page | {"form": form}, status=status
    )


def _frame(chart: Chart) -> dict[str, Any]:
    """Return what stands around a form about one patient; an opening of the chart like any other."""
    return {
        "banner": charts.banner(chart, "contacts"),
        "patient_id": chart.patient.pk,
        "title": _("Correct name and contact"),
        "back_url": chart.url("contacts"),
    }


def _shown(patient: Patient) -> dict[str, Any]:
    # Nobody has confirmed anything of what is stored.
    return demographics.shown(demographics.fields_of(patient)) | {"confirmed": False}


def _corrected(
    request: SignedInRequest, patient: Patient, given: Mapping[str, Any]
) -> HttpResponse:
    changes = demographics.stored(given, before=demographics.fields_of(patient))
    try:
        registration.correct(
            patient_id=patient.pk,
            version=given["version"],
            changes=changes,
            reason=given["reason"],
            by=request.user,
        )
    except NothingChanged:
        about = {"patient_id": patient.pk, "target_id": patient.pk}
        drafted.drop(form=FORM, **about, by=request.user)
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("Saved. What stood there before is kept."))
    return redirect("patients:contacts", patient_id=patient.pk)
