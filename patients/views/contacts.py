"""Household and contacts of a patient."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from patients.forms.relation import RelationCorrection, RelationFields, shown
from patients.models import Relation
from patients.queries import chart as charts
from patients.queries import contacts as found
from patients.queries import drafts
from patients.queries.chart import Chart
from patients.services import drafts as drafted
from patients.services import relations
from patients.services.versions import Conflict, NothingChanged
from patients.views import conflicts
from patients.views.chart import chart_of, opened
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission

FORM = "relation"


@require_safe
@requires(Permission.DEMOGRAPHICS_READ, of="patient_id")
def contacts(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show who belongs to the patient, and what can be done about the name and the numbers."""
    chart, page = opened(request, patient_id, "contacts")
    page |= {"contacts": found.page(chart), "patient_id": patient_id}
    return render(request, "patients/patient.html", page)


@require_http_methods(["GET", "POST"])
@requires(Permission.DEMOGRAPHICS_WRITE, of="patient_id")
def add(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Record who somebody is to the patient."""
    chart = chart_of(request, patient_id)
    find_patient = partial(_find, request, patient_id)
    if request.method == "POST":
        form = RelationFields(request.POST, find_patient=find_patient)
        if form.is_valid():
            related = form.cleaned_data["related_number"]
            about = {"patient_id": patient_id, "related_id": related}
            relations.add(**about, fields=form.stored(), by=request.user)
            messages.success(request, _("The contact was recorded."))
            return redirect("patients:contacts", patient_id=patient_id)
        return _form(request, chart, form, title=_("Add a contact"), status=422)
    kept = drafts.find(request.user, form=FORM, patient_id=patient_id)
    form = RelationFields(initial=kept.content if kept else None)
    kept_at = kept.updated_at if kept else None
    return _form(request, chart, form, title=_("Add a contact"), kept_at=kept_at)


@require_http_methods(["GET", "POST"])
@requires(Permission.DEMOGRAPHICS_WRITE, of="patient_id")
def correct(request: SignedInRequest, patient_id: UUID, relation_id: UUID) -> HttpResponse:
    """Correct or end a relation."""
    chart = chart_of(request, patient_id)
    row = Relation.objects.filter(patient_id=patient_id, pk=relation_id).first()
    if row is None:
        raise Http404
    title, is_patient = _("Correct a contact"), row.related_id is not None
    if request.method == "POST":
        form = RelationCorrection(request.POST, is_patient=is_patient)
        if form.is_valid():
            try:
                return _corrected(request, row, form)
            except Conflict as conflict:
                page = _frame(chart, title)
                return conflicts.show(request, conflict, form=form, initial_of=shown, page=page)
        return _form(request, chart, form, title=title, target=row.pk, status=422)
    about = {"patient_id": patient_id, "target_id": relation_id}
    kept = drafts.find(request.user, form=FORM, **about)
    typed = {**kept.content, "version": kept.target_version} if kept else {}
    form = RelationCorrection(initial=_read(row) | typed, is_patient=is_patient)
    return _form(request, chart, form, title=title, target=row.pk, kept_at=kept and kept.updated_at)


def _find(request: SignedInRequest, patient_id: UUID, number: str) -> UUID | None:
    return found.find_number(request.user, number, besides=patient_id)


def _read(row: Relation) -> dict[str, Any]:
    return shown(row) | {"version": row.version}


def _corrected(request: SignedInRequest, row: Relation, form: RelationCorrection) -> HttpResponse:
    given = form.cleaned_data
    try:
        relations.correct(
            relation_id=row.pk,
            version=given["version"],
            changes=form.stored(before=row),
            reason=given["reason"],
            by=request.user,
        )
    except NothingChanged:
        drafted.drop(form=FORM, patient_id=row.patient_id, target_id=row.pk, by=request.user)
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("Saved. What stood there before is kept."))
    return redirect("patients:contacts", patient_id=row.patient_id)


def _frame(chart: Chart, title: str) -> dict[str, Any]:
    return {
        "banner": charts.banner(chart, "contacts"),
        "patient_id": chart.patient.pk,
        "title": title,
        "back_url": chart.url("contacts"),
    }


def _form(
    request: SignedInRequest,
    chart: Chart,
    form: RelationFields,
    *,
    status: int = 200,
    **page: Any,
) -> HttpResponse:
    page = _frame(chart, page.pop("title")) | page | {"form": form}
    return render(request, "patients/registration/relation.html", page, status=status)
