"""Scans of what came in on paper about a request."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consent.forms.requests import Scan
from consent.models import RightsScan
from consent.queries import requests as queries
from consent.queries.archive import ENDINGS
from consent.services import scans
from consent.views.requests import barrier, found, shown
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission
from security.sealing import SealBroken

READ, MANAGE = Permission.RIGHTS_READ, Permission.RIGHTS_MANAGE


@require_POST
@requires(MANAGE)
def attach(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Put a scan into the file of a request."""
    row = found(request, rights_id)
    if (barred := barrier(request, row)) is not None:
        return barred
    form = Scan(request.POST, request.FILES)
    if form.is_valid():
        try:
            scans.attach(request_id=row.pk, incoming=form.incoming(), by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The scan is in the file of the request."))
            return redirect("consent:request", row.pk)
    return shown(request, row, "scan", form)


@require_POST
@requires(READ)
def fetch(request: SignedInRequest, scan_id: UUID) -> HttpResponseBase:
    """Give out one scan."""
    known = queries.visible(request.user).values("pk")
    rows = RightsScan.objects.select_related("request").filter(pk=scan_id, request__in=known)
    if (row := rows.first()) is None:
        raise Http404
    if (barred := barrier(request, row.request)) is not None:
        return barred
    try:
        row, content = scans.read(scan_id=row.pk, by=request.user)
    except SealBroken:
        messages.error(request, _("This scan can not be opened."))
        return redirect("consent:request", row.request_id)
    name = f"{row.request.number}.{ENDINGS.get(row.media_type, 'bin')}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=row.media_type, headers=headers)
