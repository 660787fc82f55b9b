"""The address at which the own calendar program reads the own appointments, and what it reads there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from engagement.queries import agenda
from engagement.queries import feeds as queries
from engagement.services import feeds
from security.access.gate import SignedInRequest, public, requires
from security.access.permissions import Permission

WRITE = Permission.APPOINTMENTS_WRITE
# In the query: addresses are logged without it.
PARAMETER = "t"


@require_safe
@requires(WRITE)
def feed(request: SignedInRequest) -> HttpResponse:
    """Show whether there is an address; the address itself was told once."""
    return _shown(request)


def _shown(request: SignedInRequest, token: str | None = None) -> HttpResponse:
    page = {
        "view": "feed",
        "may_plan": agenda.may_plan(request.user),
        "row": queries.address_of(request.user),
        "address": request.build_absolute_uri(f"{reverse('engagement:ics')}?{PARAMETER}={token}")
        if token
        else "",
    }
    response = render(request, "engagement/calendar/feed.html", page)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@requires(WRITE)
def issue(request: SignedInRequest) -> HttpResponse:
    """Make a new address and show it this once; the old one ends."""
    return _shown(request, feeds.issue(user=request.user))


@require_POST
@requires(WRITE)
def revoke(request: SignedInRequest) -> HttpResponseBase:
    """End the address."""
    if feeds.revoke(user=request.user):
        messages.success(request, _("The address opens nothing any more."))
    return redirect("engagement:feed")


@require_safe
@public
def ics(request: HttpRequest) -> HttpResponse:
    """Give a calendar program the times of whose address it brought; nobody is signed in here."""
    opened = feeds.open_by(token=request.GET.get(PARAMETER, "")[:64])
    if opened.user is None:
        status = 429 if opened.wait else 404
        return HttpResponse(status=status, headers={"Cache-Control": "no-store"})
    content = queries.text(opened.user)
    return HttpResponse(
        content,
        content_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"},
    )
