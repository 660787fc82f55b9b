"""Corrections: what a person asked for, what waits for whoever decides, what stands beside the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit import persons
from consent.forms.corrections import Decided, Disagreement, Proposed
from consent.models import Correction, RightsRequest
from consent.queries import corrections as asked
from consent.services import corrections, refusals
from consent.views.requests import barrier, found
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

MANAGE = Permission.RIGHTS_MANAGE
DECIDE = tuple(asked.WRITES.values())


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def of_request(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Show what one request wants corrected, and take a proposal."""
    rights = found(request, rights_id)
    if rights.kind != RightsRequest.Kind.RECTIFICATION:
        raise Http404
    if (barred := barrier(request, rights)) is not None:
        return barred
    form = Proposed(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            corrections.propose(request_id=rights_id, proposal=form.proposal(), by=request.user)
        except Refused as refusal:
            said = refusals.note(refusal, subjects=[rights.subject_id], obj=rights, by=request.user)
            form.add_error(None, said)
        else:
            said = _("Proposed. Whoever writes that part of the record decides.")
            messages.success(request, said)
            return redirect("consent:request_corrections", rights_id)
    page, status = _of_request(request, rights, form), 422 if form.errors else 200
    return render(request, "consent/corrections/request.html", page, status=status)


def _of_request(request: SignedInRequest, rights: RightsRequest, form: Proposed) -> dict[str, Any]:
    shown = persons.register().shown(request.user, [rights.subject_id])
    rows = [
        {"row": row, "recipients": list(asked.recipients(row)) if row.verdict else []}
        for row in asked.of_request(rights.pk)
    ]
    return {
        "rights": rights,
        "form": form,
        "who": shown.get(rights.subject_id),
        "rows": rows,
        "disagreement": Disagreement(),
    }


@require_safe
@requires(*DECIDE)
def waiting(request: SignedInRequest) -> HttpResponse:
    """Show the corrections that wait for this person."""
    rows = list(asked.waiting_for(request.user))
    names = persons.register().shown(request.user, {row.patient_id for row in rows})
    page = {"rows": [{"row": row, "who": names.get(row.patient_id)} for row in rows]}
    return render(request, "consent/corrections/waiting.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*DECIDE)
def correction(request: SignedInRequest, correction_id: UUID) -> HttpResponseBase:
    """Show one correction to whoever decides about it, and take the verdict."""
    row = next((one for one in asked.waiting_for(request.user) if one.pk == correction_id), None)
    if row is None:
        raise Http404
    said = request.POST if request.method == "POST" else None
    form = Decided(said, replaced=asked.replaced_since(row))
    if form.is_valid():
        try:
            corrections.decide(correction_id=row.pk, found=form.found(), by=request.user)
        except Refused as refusal:
            why = refusals.note(refusal, subjects=[row.patient_id], obj=row, by=request.user)
            form.add_error(None, why)
        else:
            messages.success(request, _("Decided. The compliance desk answers the person."))
            return redirect("consent:corrections")
    who = persons.register().shown(request.user, [row.patient_id]).get(row.patient_id)
    page = {"row": row, "form": form, "who": who}
    status = 422 if form.errors else 200
    return render(request, "consent/corrections/correction.html", page, status=status)


@require_POST
@requires(MANAGE)
def disagree(request: SignedInRequest, correction_id: UUID) -> HttpResponseBase:
    """Keep what the person says against a refusal."""
    row = _found(correction_id)
    form = Disagreement(request.POST)
    if not form.is_valid():
        raise corrections.SaysTooLittle(str(form.errors["statement"][0]))
    statement = form.cleaned_data["statement"]
    corrections.disagree(correction_id=row.pk, statement=statement, by=request.user)
    messages.success(request, _("Kept. It stands beside the record from now on."))
    return redirect("consent:request_corrections", row.request_id)


@require_POST
@requires(MANAGE)
def told(request: SignedInRequest, correction_id: UUID) -> HttpResponseBase:
    """Note that those who got the old value were told."""
    row = _found(correction_id)
    corrections.recipients_told(correction_id=row.pk, by=request.user)
    messages.success(request, _("Noted."))
    return redirect("consent:request_corrections", row.request_id)


@require_safe
@requires(Permission.CLINICAL_READ, of="patient_id")
def beside(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show, as a part of the patient's page, what the person disagrees with and what was annotated."""
    page = {"rows": list(asked.disagreements(patient_id))}
    return render(request, "consent/corrections/_beside.html", page)


def _found(correction_id: UUID) -> Correction:
    try:
        return Correction.objects.get(pk=correction_id)
    except Correction.DoesNotExist:
        raise Http404 from None
