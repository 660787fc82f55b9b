"""Segments: the list, one of them with whom it reaches, its builder, the agreement of a second person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.forms import segments as forms
from engagement.models import Segment
from engagement.queries import campaigns as queries
from engagement.services import previews, refusals, segments
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, WRITE = Permission.CAMPAIGNS_READ, Permission.CAMPAIGNS_WRITE
APPROVE = Permission.CAMPAIGNS_APPROVE
FORM = "engagement/segments/form.html"


def writes(request: SignedInRequest) -> bool:
    """Tell whether somebody writes segments and campaigns."""
    return reach_of_user(request.user, WRITE) is not Reach.NONE


def decides(request: SignedInRequest) -> bool:
    """Tell whether somebody agrees to the work of others."""
    return reach_of_user(request.user, APPROVE) is not Reach.NONE


def found(segment_id: UUID) -> Segment:
    """Return a segment, or 404."""
    rows = Segment.objects.select_related("authorisation", "approved_by", "changed_by")
    return get_object_or_404(rows, pk=segment_id)


@require_safe
@requires(READ, APPROVE)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show the segments in use."""
    page = {"rows": queries.segments_listed(), "writes": writes(request)}
    return render(request, "engagement/segments/list.html", page)


@require_safe
@requires(READ, APPROVE)
def segment(request: SignedInRequest, segment_id: UUID) -> HttpResponse:
    """Show a segment; asked for a lane and a way, whom it reaches and whom not and why."""
    row = found(segment_id)
    form = forms.Preview(request.GET if "lane" in request.GET else None)
    page: dict[str, Any] = queries.segment_shown(row) | {
        "form": form,
        "writes": writes(request),
        "decides": decides(request) and request.user.pk not in row.authors,
        "sha256": segments.digest(row),
    }
    if form.is_valid():
        try:
            counts = previews.of_segment(segment=row, by=request.user, **form.cleaned_data)
            page["audience"] = queries.preview(counts, row, request.user)
        except Refused as refusal:
            page["refusal"] = refusals.note(refusal, obj=row, by=request.user)
    return render(request, "engagement/segments/segment.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def add(request: SignedInRequest) -> HttpResponseBase:
    """Describe a segment."""
    form = forms.Describe(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row = segments.add(by=request.user, **_said(form))
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, by=request.user))
        else:
            messages.success(request, _("The segment is described."))
            return redirect("engagement:segment", row.pk)
    return render(request, FORM, {"form": form}, status=422 if form.errors else 200)


def _said(form: forms.Describe) -> dict[str, Any]:
    said = form.cleaned_data
    tree = form.tree()
    return {"name": said["name"], "tree": tree, "authorisation": said["authorisation"]}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def change(request: SignedInRequest, segment_id: UUID) -> HttpResponseBase:
    """Describe a segment anew."""
    row = found(segment_id)
    data = request.POST if request.method == "POST" else None
    form = forms.Describe(data, initial=forms.initial_of(row))
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            segments.change(segment_id=row.pk, version=version, by=request.user, **_said(form))
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, obj=row, by=request.user))
        else:
            messages.success(request, _("Saved. Campaigns with this segment need a new agreement."))
            return redirect("engagement:segment", row.pk)
    status = 422 if form.errors else 200
    return render(request, FORM, {"form": form, "row": row}, status=status)


@require_POST
@requires(WRITE)
def copy(request: SignedInRequest, segment_id: UUID) -> HttpResponseBase:
    """Copy the description of a segment."""
    row = found(segment_id)
    try:
        made = segments.copy(segment_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
        return redirect("engagement:segment", row.pk)
    messages.success(request, _("Copied: the description, and nobody's agreement."))
    return redirect("engagement:segment_change", made.pk)


@require_POST
@requires(APPROVE, step_up=True)
def approve(request: SignedInRequest, segment_id: UUID) -> HttpResponseBase:
    """Agree as a second person that a segment looks at the record."""
    row, form = found(segment_id), forms.Agree(request.POST)
    try:
        if form.is_valid():
            segments.approve(segment_id=row.pk, by=request.user, **form.cleaned_data)
            messages.success(request, _("Agreed. The segment can be used as it is."))
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    return redirect("engagement:segment", row.pk)


@require_POST
@requires(WRITE)
def retire(request: SignedInRequest, segment_id: UUID) -> HttpResponseBase:
    """Put a segment away."""
    row = found(segment_id)
    try:
        segments.retire(segment_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    else:
        messages.success(request, _("Put away. Campaigns that had it keep it."))
    return redirect("engagement:segments")
