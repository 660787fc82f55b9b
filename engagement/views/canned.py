"""Ready answers: the list, adding one, changing its words, offering it no more."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from engagement.forms.threads import NewReadyAnswer, ReadyAnswer
from engagement.models import CannedReply
from engagement.queries import canned as found
from engagement.queries import inboxes
from engagement.services import canned
from patients.views.chart import sent
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission
from security.models import User

WRITE = Permission.MESSAGES_WRITE


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def listed(request: SignedInRequest) -> HttpResponseBase:
    """Show all ready answers, and take a new one."""
    units = _units(request.user)
    form = NewReadyAnswer(sent(request), units=units)
    if form.is_valid():
        said = form.cleaned_data
        try:
            canned.add(unit_id=said["unit"], words=said, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The ready answer is there."))
            return redirect("engagement:canned")
    rows = [one | {"keeps": canned.may_keep(request.user, one["unit_id"])} for one in found.every()]
    page = {"rows": rows, "form": form if units else None}
    return render(
        request, "engagement/threads/canned.html", page, status=422 if form.errors else 200
    )


def _units(user: User) -> list[tuple[str, str]]:
    everybody = [("", _("All inboxes"))] if canned.may_keep(user, None) else []
    return everybody + [
        (key, name) for key, name in inboxes.choices() if canned.may_keep(user, UUID(key))
    ]


def _kept(request: SignedInRequest, canned_id: UUID) -> CannedReply:
    """Return a ready answer that the person keeps; nobody else has a page of it."""
    try:
        row = found.find(canned_id)
    except CannedReply.DoesNotExist:
        raise Http404 from None
    if not canned.may_keep(request.user, row.unit_id):
        raise Http404
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def change(request: SignedInRequest, canned_id: UUID) -> HttpResponseBase:
    """Change the words of a ready answer."""
    row = _kept(request, canned_id)
    form = ReadyAnswer(sent(request), initial={name: getattr(row, name) for name in canned.FIELDS})
    if form.is_valid():
        try:
            canned.change(canned_id=row.pk, words=form.cleaned_data, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The ready answer was changed."))
            return redirect("engagement:canned")
    page = {"row": row, "form": form}
    status = 422 if form.errors else 200
    return render(request, "engagement/threads/canned_change.html", page, status=status)


@require_POST
@requires(WRITE)
def retire(request: SignedInRequest, canned_id: UUID) -> HttpResponse:
    """Offer a ready answer no more."""
    row = _kept(request, canned_id)
    canned.retire(canned_id=row.pk, by=request.user)
    messages.success(request, _("The ready answer is offered no more."))
    return redirect("engagement:canned")
