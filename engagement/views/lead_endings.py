"""How enquiries end: in a record of the same key, in one that is there already, or deleted; the copy."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from engagement.forms import leads as forms
from engagement.models import Lead
from engagement.queries import leads as reads
from engagement.services import lead_deletions, leads
from engagement.views.leads import found, show, step
from patients import demographics
from patients.informing import Told
from patients.models import Patient
from patients.queries import colleagues, duplicates
from patients.queries.duplicates import Probe
from security.access.gate import Refused, SignedInRequest, requires
from security.classification import Category
from security.models import User

Page = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(reads.REGISTER)
def convert(request: SignedInRequest, lead_id: UUID) -> HttpResponse:
    """Register the person: what the enquiry knows is filled in, who may be here already is shown."""
    row = found(lead_id)
    if row.patient_id is not None:
        return redirect("engagement:lead", row.pk)
    twins: list[Any] = []

    def find_twins(given: Page) -> bool:
        twins.extend(duplicates.find(request.user, Probe.of(demographics.stored(given))))
        return bool(twins)

    clinicians = colleagues.clinicians()
    known = forms.known_of(row)
    if request.method != "POST":
        form = forms.Convert(initial=known, clinicians=clinicians)
        return _form(request, row, form, reads.twins(request.user, row))
    form = forms.Convert(request.POST, clinicians=clinicians, find_twins=find_twins)
    patient = _converted(request, row, form)
    if patient is None:
        return _form(request, row, form, duplicates.rows(twins) or reads.twins(request.user, row))
    messages.success(request, _("Registered. The record number stands beside the name."))
    return redirect("patients:patient", patient.pk)


def _form(
    request: SignedInRequest, row: Lead, form: forms.Convert, twins: list[Any]
) -> HttpResponse:
    page = {"form": form, "lead": reads.one(request.user, row), "twins": twins}
    return render(
        request, "engagement/leads/convert.html", page, status=422 if form.errors else 200
    )


def _converted(request: SignedInRequest, row: Lead, form: forms.Convert) -> Patient | None:
    if not form.is_valid():
        return None
    given = form.cleaned_data
    told = None
    if given.get("told"):
        told = Told(given["told"], given.get("language") or "", bool(given.get("acknowledged")))
    try:
        return leads.convert(
            lead_id=row.pk, version=given["version"], fields=demographics.stored(given), told=told,
            doctor=User.objects.get(pk=given["doctor"]) if given["doctor"] else None,
            by=request.user,
        )  # fmt: skip
    except Refused as refusal:
        form.add_error(None, str(refusal.reason))
        return None


@require_POST
@requires(reads.REGISTER)
def join(request: SignedInRequest, lead_id: UUID) -> HttpResponse:
    """Take an enquiry over into the record of somebody who is here already."""
    form = forms.Join(request.POST)

    def deed(said: Page) -> None:
        visible = Patient.objects.visible_to(request.user, Category.DEMOGRAPHICS)
        patient = visible.filter(pk=said["patient"]).first()
        if patient is None:
            raise leads.Converted(_("This record does not exist any more."))
        leads.join(lead_id=lead_id, version=said["version"], patient_id=patient.pk, by=request.user)

    return step(request, lead_id, "join", form, deed)


@require_POST
@requires(*reads.WORK)
def delete(request: SignedInRequest, lead_id: UUID) -> HttpResponse:
    """Delete somebody with the key, at once."""
    row, form = found(lead_id), forms.Delete(request.POST)
    if form.is_valid():
        try:
            lead_deletions.delete(lead_id=row.pk, why=form.cleaned_data["why"], by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Deleted; the key is destroyed."))
            return redirect("engagement:leads")
    return show(request, row, {"delete": form, "opened": "delete", "wrong": form})


@require_POST
@requires(*reads.WORK)
def copy(request: SignedInRequest, lead_id: UUID) -> HttpResponse:
    """Give out all that is held about somebody, for the person."""
    row = found(lead_id)
    if row.patient_id is not None:
        return redirect("engagement:lead", row.pk)
    content = leads.copy_for(lead_id=row.pk, by=request.user)
    text = json.dumps(content, ensure_ascii=False, indent=2)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="enquiry.json"'
    return answer
