"""The register of purposes: the list, one purpose, and what officers change in it."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent import shipped
from consent.forms import purposes as forms
from consent.models import ProcessingPurpose
from consent.queries import assessments
from consent.queries import purposes as queries
from consent.services import purposes, refusals
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, MANAGE = Permission.CONSENT_READ, Permission.CONSENT_MANAGE
FORM = "consent/purposes/form.html"


def manages(request: SignedInRequest) -> bool:
    """Tell whether somebody changes the registers."""
    return reach_of_user(request.user, MANAGE) is not Reach.NONE


def found(purpose_id: UUID) -> ProcessingPurpose:
    """Return a purpose, or 404."""
    rows = ProcessingPurpose.objects.select_related("changed_by")
    return get_object_or_404(rows, pk=purpose_id)


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show what data are used for, on which grounds."""
    page = {"rows": queries.register(), "manages": manages(request)}
    return render(request, "consent/purposes/list.html", page)


@require_safe
@requires(READ)
def purpose(request: SignedInRequest, purpose_id: UUID) -> HttpResponse:
    """Show one purpose with its history."""
    return _page(request, found(purpose_id))


def _page(
    request: SignedInRequest, row: ProcessingPurpose, wrong: forms.Reason | None = None
) -> HttpResponse:
    page = {
        **queries.in_full(row),
        "versions": queries.history(row),
        "assessments": assessments.of(row),
        "is_assessed": queries.is_assessed(row),
        "manages": manages(request),
        "is_essential": row.key in shipped.ESSENTIAL,
        "retire": wrong or forms.Reason(),
    }
    return render(request, "consent/purposes/purpose.html", page, status=422 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def add(request: SignedInRequest) -> HttpResponseBase:
    """Enter a purpose as a draft."""
    form = forms.Entry(request.POST if request.method == "POST" else None)
    if form.is_valid():
        key, reason = form.cleaned_data["key"], form.cleaned_data["reason"]
        try:
            row = purposes.add(key=key, content=form.content(), reason=reason, by=request.user)
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, by=request.user))
        else:
            messages.success(request, _("Entered as a draft. Now assess its impact."))
            return redirect("consent:purpose", row.pk)
    return render(request, FORM, {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def change(request: SignedInRequest, purpose_id: UUID) -> HttpResponseBase:
    """Change what a purpose says."""
    row = found(purpose_id)
    data = request.POST if request.method == "POST" else None
    form = forms.Content(data, initial=forms.initial_of(row))
    if form.is_valid():
        try:
            purposes.change(purpose_id=row.pk, by=request.user, **_asked(form))
        except purposes.Conflict as conflict:
            return _conflict(request, conflict.row, form)
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, obj=row, by=request.user))
        else:
            messages.success(request, _("The purpose is changed; the version before stays."))
            return redirect("consent:purpose", row.pk)
    return render(request, FORM, {"form": form, "row": row}, status=422 if form.errors else 200)


def _asked(form: forms.Content) -> dict[str, Any]:
    said = form.cleaned_data
    version = said["version"] or 0
    return {"version": version, "content": form.content(), "reason": said["reason"]}


def _conflict(
    request: SignedInRequest, row: ProcessingPurpose, form: forms.Content
) -> HttpResponse:
    """Show what is stored now beside what was typed; saving again writes over the former."""
    read = queries.version_at(row, form.cleaned_data["version"] or 0)
    mine, stored = form.content(), queries.content_of(row)
    sent = cast(QueryDict, form.data).copy()
    sent["version"] = str(row.version)
    form.data = sent
    found = [
        {"label": label, "read": queries.text(name, read) if read else "–",
         "stored": queries.text(name, stored), "mine": queries.text(name, mine)}
        for name, label in queries.labels().items()
        if queries.text(name, stored) != queries.text(name, mine)
    ]  # fmt: skip
    return render(request, FORM, {"form": form, "row": row, "differences": found}, status=409)


@require_POST
@requires(MANAGE)
def activate(request: SignedInRequest, purpose_id: UUID) -> HttpResponseBase:
    """Take a purpose into use."""
    row = found(purpose_id)
    try:
        purposes.activate(purpose_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    else:
        messages.success(request, _("The purpose is in use."))
    return redirect("consent:purpose", row.pk)


@require_POST
@requires(MANAGE)
def retire(request: SignedInRequest, purpose_id: UUID) -> HttpResponseBase:
    """Use a purpose no longer."""
    row, form = found(purpose_id), forms.Reason(request.POST)
    if not form.is_valid():
        return _page(request, row, form)
    try:
        purposes.retire(purpose_id=row.pk, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    else:
        messages.success(request, _("The purpose is retired."))
    return redirect("consent:purpose", row.pk)
