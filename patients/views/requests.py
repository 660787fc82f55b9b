"""Asking for access and referring: the forms, the answers, and the page of both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.forms.requests import Ask, Decline, Refer
from patients.queries import colleagues, requests
from patients.queries import drafts as drafts_of
from patients.queries.chart import Chart, banner
from patients.queries.drafts import Kept
from patients.services import access_requests, drafts, referrals
from patients.views.chart import chart_of, sent
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.models import User

ASK = Permission.CLINICAL_REQUEST
DRAFT = "request"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(ASK, of="patient_id")
def ask(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Ask the carers for access; the page is the same whether there is such a patient or not."""
    kept = drafts_of.find(request.user, form=DRAFT, patient_id=None, target_id=patient_id)
    form = Ask(sent(request), initial=dict(kept.content) if kept else None)
    if form.is_valid():
        access_requests.ask(patient_id=patient_id, by=request.user, **form.cleaned_data)
        drafts.drop(form=DRAFT, patient_id=None, target_id=patient_id, by=request.user)
        return redirect("patients:asked")
    page = {"form": form, "patient_id": patient_id, "kept_at": kept.updated_at if kept else None}
    return render(request, "patients/requests/ask.html", page, status=422 if form.errors else 200)


@require_safe
@requires(ASK)
def asked(request: SignedInRequest) -> HttpResponse:
    """Say thank you, whatever became of the request."""
    return render(request, "patients/requests/asked.html")


@require_safe
@requires(ASK)
def requested(request: SignedInRequest) -> HttpResponse:
    """List what waits for an answer and what became of what was asked."""
    return _list(request)


def _list(request: SignedInRequest, wrong: Decline | None = None) -> HttpResponse:
    page = {"page": requests.page(request.user), "form": wrong}
    return render(request, "patients/requests/list.html", page, status=422 if wrong else 200)


@require_POST
@requires(ASK)
def answer(request: SignedInRequest, request_id: UUID) -> HttpResponseBase:
    """Let the colleague in, or decline with a reason."""
    if request.POST.get("answer_is") == "yes":
        access_requests.accept(request_id=request_id, by=request.user)
        messages.success(request, _("The colleague can open the record now."))
        return redirect("patients:requests")
    form = Decline(request.POST)
    if not form.is_valid():
        return _list(request, form)
    access_requests.decline(request_id=request_id, by=request.user, **form.cleaned_data)
    messages.success(request, _("The request was declined."))
    return redirect("patients:requests")


@require_POST
@requires(ASK)
def answer_referral(request: SignedInRequest, referral_id: UUID) -> HttpResponseBase:
    """Take the patient on, or decline with a reason."""
    if request.POST.get("answer_is") == "yes":
        referrals.accept(referral_id=referral_id, by=request.user)
        messages.success(request, _("The patient is in your care now."))
        return redirect("patients:requests")
    form = Decline(request.POST)
    if not form.is_valid():
        return _list(request, form)
    referrals.decline(referral_id=referral_id, by=request.user, **form.cleaned_data)
    messages.success(request, _("The referral was declined."))
    return redirect("patients:requests")


@require_POST
@requires(ASK)
def withdraw(request: SignedInRequest, referral_id: UUID) -> HttpResponseBase:
    """Take a referral back."""
    referrals.withdraw(referral_id=referral_id, by=request.user)
    messages.success(request, _("The referral was withdrawn."))
    return redirect("patients:requests")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CLINICAL_WRITE, of="patient_id")
def refer(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Refer a patient of one's own to a colleague."""
    chart = chart_of(request, patient_id)
    others = [one for one in colleagues.clinicians() if one[0] != str(request.user.pk)]
    kept = drafts_of.find(request.user, form="referral", patient_id=patient_id)
    form = Refer(sent(request), clinicians=others, initial=_typed(kept))
    if form.is_valid():
        colleague = User.objects.get(pk=form.cleaned_data.pop("colleague"))
        try:
            referrals.refer(chart=chart, colleague=colleague, by=request.user, **form.cleaned_data)
            drafts.drop(form="referral", patient_id=patient_id, by=request.user)
        except (referrals.NotThisColleague, referrals.AskedBefore) as refusal:
            form.add_error("colleague", str(refusal.reason))
        else:
            messages.success(request, _("The colleague was asked."))
            return redirect("patients:requests")
    return _refer_page(request, chart, form, kept)


def _typed(kept: Kept | None) -> dict[str, Any]:
    if kept is None:
        return {}
    ticked = kept.content.get("sections", [])
    # One tick alone is kept as a text.
    return {**kept.content, "sections": [ticked] if isinstance(ticked, str) else ticked}


def _refer_page(
    request: SignedInRequest, chart: Chart, form: Refer, kept: Kept | None
) -> HttpResponse:
    page = {"form": form, "banner": banner(chart), "back_url": chart.url("summary")}
    page |= {"kept_at": kept.updated_at if kept else None, "patient_id": chart.patient.pk}
    status = 422 if form.errors else 200
    return render(request, "patients/requests/refer.html", page, status=status)
