"""What gateways bring: answers of people, reports of arrival; and the answers that somebody has to read."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from engagement.queries import outreach
from engagement.services import replies
from engagement.services.replies import FORGED, Incoming
from security import context, trail
from security.access.gate import SignedInRequest, public, requires
from security.access.permissions import Permission
from security.services import deliveries, throttle
from security.services.throttle import Counter

READ, WRITE = Permission.APPOINTMENTS_READ, Permission.APPOINTMENTS_WRITE
SIGNATURE = "X-Custodia-Signature"
MOST_BYTES = 16 * 1024


@csrf_exempt
@require_POST
@public
def incoming(request: HttpRequest) -> HttpResponse:
    """Take what the gateway of text messages brings, if it is signed with the shared secret."""
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES or not replies.is_signed(request.headers.get(SIGNATURE, ""), body):
        return _forged()
    try:
        said = json.loads(body)
        _take(said if isinstance(said, dict) else {})
    except ValueError:
        return HttpResponse(status=400)
    return HttpResponse(status=200)


def _take(said: dict[str, Any]) -> None:
    if said.get("kind") == "receipt":
        arrived = said.get("status") == "delivered"
        if not arrived and said.get("status") != "failed":
            raise ValueError("status")
        deliveries.arrived(message_id=UUID(str(said.get("id"))), has_arrived=arrived)
        return
    address, text, number = (said.get(name) for name in ("from", "text", "id"))
    if not all(isinstance(one, str) and one for one in (address, text, number)):
        raise ValueError("reply")
    replies.receive(said=Incoming("sms", str(address)[:60], str(text), str(number)[:200]))


def _forged() -> HttpResponse:
    """Refuse what nobody signed; many such a minute from one place are not even recorded."""
    counter = Counter(FORGED, throttle.source_of(context.current().address))
    if throttle.take([counter]) is None:
        with transaction.atomic():
            trail.record("engagement.reply.refused", outcome="refused")
    return HttpResponse(status=400)


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show the answers that wait for a reader."""
    page = outreach.replies(request.user, request.GET.get("after", ""))
    return render(request, "engagement/replies/list.html", page)


@require_POST
@requires(WRITE)
def done(request: SignedInRequest, reply_id: UUID) -> HttpResponseBase:
    """Note that an answer was read and what it asks was done."""
    row = get_object_or_404(outreach.to_read(request.user), pk=reply_id)
    try:
        replies.finish(reply_id=row.pk, by=request.user)
    except replies.DoneAlready as refusal:
        messages.info(request, str(refusal.reason))
    else:
        messages.success(request, _("Done."))
    return redirect("engagement:replies")
