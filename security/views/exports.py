"""Exports: asking, deciding, preparing, taking the file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from security import sessions, tasks
from security.access.decision import purposes_of
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.exports import Exporter, shelf, usable_by
from security.exports.tables import CONTENT_TYPES
from security.forms.exports import Refusal, Request
from security.models import Export
from security.sealing import SealBroken
from security.services import exports

ASK, DECIDE = Permission.EXPORT_REQUEST, Permission.EXPORT_APPROVE
# What else lets somebody ask for one export or another; the register tells for which.
ALSO = Permission.RIGHTS_MANAGE


@require_safe
@requires(ASK, ALSO, DECIDE)
def index(request: SignedInRequest) -> HttpResponse:
    """Show what can be exported, the own exports, and for who decides those that wait."""
    page = {
        "usable": usable_by(request.user),
        "mine": shelf.of(request.user),
        "waiting": shelf.waiting(request.user) if exports.decider(request.user) else None,
        "refusal": Refusal(),
    }
    return render(request, "security/exports.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(ASK, ALSO, DECIDE, step_up=True)
def ask(request: SignedInRequest, exporter: str) -> HttpResponseBase:
    """Ask for an export, saying what for."""
    found = next((one for one in usable_by(request.user) if one.key == exporter), None)
    if found is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    narrow = found.form(data, initial=request.GET.dict())
    form = Request(data, purposes=purposes_of(request.user))
    if data is not None and narrow.is_valid() and form.is_valid():
        exports.request(asked=_asked(found, narrow, form.cleaned_data), by=request.user)
        messages.success(request, _said(found))
        return redirect("security:exports")
    page = {"exporter": found, "narrow": narrow, "form": form}
    status = 422 if narrow.errors or form.errors else 200
    return render(request, "security/export_ask.html", page, status=status)


def _asked(exporter: Exporter, narrow: Any, said: dict[str, str]) -> exports.Asked:
    parameters = {name: narrow.data.get(name, "") for name in narrow.fields}
    return exports.Asked(exporter.key, parameters, said["kind"], said["purpose"], said["reason"])


def _said(exporter: Exporter) -> str:
    if exporter.needs_approval:
        return _("Asked. A colleague of the compliance desk decides about it.")
    return _("Ready to be prepared.")


@require_safe
@requires(ASK, ALSO, DECIDE)
def progress(request: SignedInRequest, export_id: UUID) -> HttpResponse:
    """Show how far an own export is, as one row of the list."""
    found = shelf.one(request.user, export_id)
    if found is None:
        raise Http404
    return render(request, "security/_export.html", {"item": found})


@require_POST
@requires(DECIDE, step_up=True)
def approve(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """Agree to somebody's export."""
    try:
        exports.approve(export_id=export_id, by=request.user)
    except Export.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Approved. The file can be prepared within a day."))
    return redirect("security:exports")


@require_POST
@requires(DECIDE, step_up=True)
def refuse(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """Refuse somebody's export."""
    form = Refusal(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["reason"][0]))
        return redirect("security:exports")
    try:
        exports.refuse(export_id=export_id, reason=form.cleaned_data["reason"], by=request.user)
    except Export.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Refused."))
    return redirect("security:exports")


@require_POST
@requires(ASK, ALSO, DECIDE, step_up=True)
def prepare(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """Begin to make the file of an own export."""
    try:
        exports.prepare(export_id=export_id, sign_in_ref=sessions.bond_of(request), by=request.user)
        tasks.produce_export.delay(str(export_id))
    except Export.DoesNotExist:
        raise Http404 from None
    except OperationalError:
        # The scheduler finds what was begun and takes it up.
        messages.info(request, _("The file will be made as soon as the worker is back."))
    return redirect("security:exports")


@require_POST
@requires(ASK, ALSO, DECIDE)
def cancel(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """Stop an own export."""
    try:
        exports.cancel(export_id=export_id, by=request.user)
    except Export.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Cancelled. Its file is deleted."))
    return redirect("security:exports")


@require_safe
@requires(ASK, ALSO, DECIDE, step_up=True)
def download(request: SignedInRequest, export_id: UUID) -> HttpResponse:
    """Give the file out, once more recorded."""
    try:
        row, content = exports.open_file(
            export_id=export_id, sign_in_ref=sessions.bond_of(request), by=request.user
        )
    except Export.DoesNotExist:
        raise Http404 from None
    except SealBroken:
        raise exports.NotOpen(_("The file is damaged. Ask for the export again.")) from None
    name = f"custodia-{row.exporter}-{row.requested_at:%Y%m%d-%H%M}.{row.kind}"
    response = HttpResponse(content, content_type=CONTENT_TYPES[row.kind])
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
