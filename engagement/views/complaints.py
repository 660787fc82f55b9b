"""Complaints: the desk, one case and its steps, writing one down; concerns about security go elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.forms import feedback as forms
from engagement.models import Complaint, SecurityConcern
from engagement.queries import complaints as reads
from engagement.queries import concerns as concern_reads
from engagement.services import complaints, concerns
from engagement.services.surveys import SECURITY
from patients.views.chart import opened
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission
from security.models import User

# Whoever speaks with patients writes down what they say.
NOTE = (Permission.MESSAGES_WRITE, Permission.RIGHTS_MANAGE)
TAB = "feedback"
Page = dict[str, Any]


@require_safe
@requires(*reads.WORK)
def desk(request: SignedInRequest) -> HttpResponse:
    """Show the cases, what is due first in front."""
    show = request.GET.get("show", "open")
    show = show if show in reads.SHOWS else "open"
    theme = request.GET.get("theme", "")
    theme = theme if theme in Complaint.Theme.values else ""
    found = reads.page(request.user, show=show, theme=theme, after=request.GET.get("after", ""))
    page: Page = {"rows": found["rows"], "show": show, "theme": theme}
    page["themes"] = Complaint.Theme.choices
    page["counts"] = reads.counts(request.user)
    if found["next"]:
        page["next_url"] = f"?show={show}&theme={theme}&after={found['next']}"
    return render(request, "engagement/feedback/complaints.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*NOTE)
def new(request: SignedInRequest) -> HttpResponse:
    """Write down what somebody says who is no patient, or wants no name kept."""
    return _noted(request, None, {})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.DEMOGRAPHICS_READ, of="patient_id")
def of_patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Write down what a patient says, on the patient's page."""
    _chart, page = opened(request, patient_id, TAB)
    page |= {"panel": "engagement/feedback/_complain.html", "patient_id": patient_id}
    return _noted(request, patient_id, page)


def _noted(request: SignedInRequest, patient_id: UUID | None, page: Page) -> HttpResponse:
    form = forms.Complain(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row = _take_down(form.cleaned_data, patient_id, request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return _told(request, row, patient_id)
    page |= {"form": form}
    name = "patients/patient.html" if patient_id else "engagement/feedback/complain.html"
    return render(request, name, page, status=422 if form.errors else 200)


def _take_down(given: Page, patient_id: UUID | None, by: User) -> Complaint | SecurityConcern:
    same: Page = {name: given[name] for name in ("way", "words", "contact")}
    same["patient_id"] = patient_id
    if given["theme"] == SECURITY:
        return concerns.report(said=concerns.Said(**same), by=by)
    said = complaints.Said(
        kind=given["kind"], theme=given["theme"], received_at=given["received_on"], **same
    )
    return complaints.note(said=said, by=by)


def _told(
    request: SignedInRequest, row: Complaint | SecurityConcern, patient_id: UUID | None
) -> HttpResponse:
    if isinstance(row, SecurityConcern):
        text = _("Handed to the compliance desk as %(number)s; nobody else reads it.")
    else:
        text = _("Noted as %(number)s.")
    messages.success(request, text % {"number": row.number})
    if isinstance(row, Complaint) and works(request.user):
        return redirect("engagement:complaint", row.pk)
    if patient_id is not None:
        return redirect("patients:patient", patient_id)
    return redirect("engagement:home")


def works(user: User) -> bool:
    """Tell whether somebody works on complaints."""
    return any(reach_of_user(user, one) is not Reach.NONE for one in reads.WORK)


@require_safe
@requires(*reads.WORK)
def complaint(request: SignedInRequest, complaint_id: UUID) -> HttpResponse:
    """Show one case, its words and its steps."""
    return _case(request, _found(request, complaint_id), {})


def _found(request: SignedInRequest, complaint_id: UUID) -> Complaint:
    try:
        return reads.find(request.user, complaint_id)
    except Complaint.DoesNotExist:
        raise Http404 from None


def _case(request: SignedInRequest, row: Complaint, refused: Page) -> HttpResponse:
    page: Page = {"one": reads.one(request.user, row)}
    if row.closed_at is None:
        start = {"version": row.version}
        owner = {"to": row.owner_id or request.user.pk, "kind": row.kind, "theme": row.theme}
        page |= {
            "assign": forms.Assign(initial=start | owner, owners=reads.owner_choices()),
            "extend": forms.Extend(initial=start),
            "close": forms.Close(initial=start),
        }
    page |= refused
    status = 422 if refused else 200
    return render(request, "engagement/feedback/complaint.html", page, status=status)


def _step(
    request: SignedInRequest,
    complaint_id: UUID,
    key: str,
    form: django_forms.Form,
    deed: Callable[[Page], object],
) -> HttpResponse:
    row = _found(request, complaint_id)
    if form.is_valid():
        try:
            deed(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("engagement:complaint", row.pk)
    return _case(request, _found(request, complaint_id), {key: form, "opened": key, "wrong": form})


@require_POST
@requires(*reads.WORK)
def assign(request: SignedInRequest, complaint_id: UUID) -> HttpResponse:
    """Give a case to whoever works on it."""
    form = forms.Assign(request.POST, owners=reads.owner_choices())

    def deed(said: Page) -> None:
        complaints.assign(
            complaint_id=complaint_id, version=said["version"], kind=said["kind"],
            theme=said["theme"], to=User.objects.get(pk=said["to"]), by=request.user,
        )  # fmt: skip

    return _step(request, complaint_id, "assign", form, deed)


@require_POST
@requires(*reads.WORK)
def extend(request: SignedInRequest, complaint_id: UUID) -> HttpResponse:
    """Take the longer time, once."""
    form = forms.Extend(request.POST)

    def deed(said: Page) -> None:
        complaints.extend(
            complaint_id=complaint_id,
            version=said["version"],
            reason=said["reason"],
            by=request.user,
        )

    return _step(request, complaint_id, "extend", form, deed)


@require_POST
@requires(*reads.WORK)
def close(request: SignedInRequest, complaint_id: UUID) -> HttpResponse:
    """Close a case with its finding and its answer."""
    form = forms.Close(request.POST)

    def deed(said: Page) -> None:
        complaints.close(
            complaint_id=complaint_id, version=said["version"], resolution=form.resolution(),
            by=request.user,
        )  # fmt: skip

    return _step(request, complaint_id, "close", form, deed)


@require_safe
@requires(*reads.WORK)
def letter(request: SignedInRequest, complaint_id: UUID) -> HttpResponse:
    """Show the answer of a closed case as a page to print."""
    row = _found(request, complaint_id)
    if row.closed_at is None or not row.answer:
        return redirect("engagement:complaint", row.pk)
    return render(request, "engagement/feedback/letter.html", {"one": reads.one(request.user, row)})


@require_safe
@requires(Permission.INCIDENTS_READ)
def concerns_listed(request: SignedInRequest) -> HttpResponse:
    """Show the concerns about security to the compliance desk."""
    found = concern_reads.page(request.user, after=request.GET.get("after", ""))
    page: Page = {"rows": found["rows"]}
    if found["next"]:
        page["next_url"] = f"?after={found['next']}"
    return render(request, "engagement/feedback/concerns.html", page)


@require_safe
@requires(Permission.INCIDENTS_READ)
def concern(request: SignedInRequest, concern_id: UUID) -> HttpResponse:
    """Show one concern with its words."""
    try:
        page = {"one": concern_reads.one(request.user, concern_id)}
    except SecurityConcern.DoesNotExist:
        raise Http404 from None
    return render(request, "engagement/feedback/concern.html", page)
