"""Letters about requests: their paper, and noting that they went out."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consent import printing
from consent.forms.requests import Send
from consent.models import RightsLetter
from consent.queries import requests as queries
from consent.services import letters
from consent.views.requests import barrier
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

MANAGE = Permission.RIGHTS_MANAGE


def _found(request: SignedInRequest, letter_id: UUID) -> RightsLetter:
    """Return a letter about a request that the person may see; what is hidden does not exist."""
    known = queries.visible(request.user).values("pk")
    row = (
        RightsLetter.objects.select_related("request")
        .filter(pk=letter_id, request__in=known)
        .first()
    )
    if row is None:
        raise Http404
    return row


@require_POST
@requires(MANAGE)
def paper(request: SignedInRequest, letter_id: UUID) -> HttpResponseBase:
    """Give out the paper of a letter; it is the same every time."""
    row = _found(request, letter_id)
    if (barred := barrier(request, row.request)) is not None:
        return barred
    try:
        content = letters.print_out(letter_id=row.pk, by=request.user)
    except printing.NotPrintable:
        return render(request, "503.html", status=503)
    headers = {
        "Content-Disposition": 'inline; filename="letter.pdf"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@require_POST
@requires(MANAGE)
def send(request: SignedInRequest, letter_id: UUID) -> HttpResponseBase:
    """Note that a letter was handed over or posted, or tell the account that it waits."""
    row, form = _found(request, letter_id), Send(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how the letter went out."))
        return redirect("consent:request", row.request_id)
    try:
        letters.send(letter_id=row.pk, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    else:
        messages.success(request, _("It is noted how the letter went out."))
    return redirect("consent:request", row.request_id)
