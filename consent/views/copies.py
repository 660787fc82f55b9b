"""Copies of records: the requests for one, making it, handing over the archive and its passphrase."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from consent import tasks
from consent.models import RecordCopy, RightsRequest
from consent.queries import copies as shelf
from consent.services import copies
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.sealing import SealBroken

READ, MANAGE = Permission.RIGHTS_READ, Permission.RIGHTS_MANAGE


@require_safe
@requires(MANAGE)
def waiting(request: SignedInRequest) -> HttpResponse:
    """Show the open requests for a copy."""
    return render(request, "consent/copies/list.html", {"rows": shelf.waiting(request.user)})


@require_safe
@requires(MANAGE)
def copy(request: SignedInRequest, rights_id: UUID) -> HttpResponse:
    """Show where the copy for one request stands."""
    return _page(request, rights_id)


def _page(
    request: SignedInRequest, rights_id: UUID, once: str = "", status: int = 200
) -> HttpResponse:
    shown = shelf.one(request.user, rights_id)
    if shown is None:
        raise Http404
    page = {"shown": shown, "passphrase": once}
    name = (
        "consent/copies/_state.html"
        if request.headers.get("HX-Request")
        else "consent/copies/copy.html"
    )
    response = render(request, name, page, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@requires(MANAGE, step_up=True)
def begin(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Begin to make the copy."""
    try:
        row = copies.begin(request_id=rights_id, by=request.user)
        tasks.make_copy.delay(str(row.pk))
    except RightsRequest.DoesNotExist:
        raise Http404 from None
    except OperationalError:
        # The scheduler finds what was begun and takes it up.
        messages.info(request, _("The copy will be made as soon as the worker is back."))
    return redirect("consent:copy", rights_id)


@require_POST
@requires(MANAGE)
def cancel(request: SignedInRequest, copy_id: UUID) -> HttpResponseBase:
    """Stop a copy and delete its file."""
    row = _found(copy_id)
    copies.cancel(copy_id=copy_id, by=request.user)
    messages.success(request, _("Stopped. Its file is deleted."))
    return redirect("consent:copy", row.request_id)


@require_POST
@requires(MANAGE, step_up=True)
def tell(request: SignedInRequest, copy_id: UUID) -> HttpResponse:
    """Show the passphrase once, to be handed over apart from the archive."""
    row = _found(copy_id)
    passphrase = copies.tell_passphrase(copy_id=copy_id, by=request.user)
    return _page(request, row.request_id, passphrase)


@require_POST
@requires(MANAGE, step_up=True)
def fetch(request: SignedInRequest, copy_id: UUID) -> HttpResponse:
    """Give the archive out, once more recorded."""
    _found(copy_id)
    try:
        row, content = copies.fetch(copy_id=copy_id, by=request.user)
    except SealBroken:
        raise copies.NotReady(_("The file is damaged. Make another copy.")) from None
    response = HttpResponse(content, content_type="application/zip")
    name = f"copy-{row.request.number}.zip"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def _found(copy_id: UUID) -> RecordCopy:
    try:
        return RecordCopy.objects.get(pk=copy_id)
    except RecordCopy.DoesNotExist:
        raise Http404 from None
