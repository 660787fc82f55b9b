"""The ledger of the trail: how it stands, its newest head, its public key, and receipts of single events."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.ledger import keys
from audit.ledger import receipts as proofs
from audit.models import Event
from audit.queries import ledger as queries
from audit.queries import who_saw
from audit.services import receipts
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission


@require_safe
@requires(Permission.INCIDENTS_READ, Permission.INCIDENTS_READ_MASKED)
def ledger(request: SignedInRequest) -> HttpResponse:
    """Show how the ledger stands, its anchors and the processes behind it."""
    page = {**queries.context_of(queries.state()), "now": timezone.now()}
    return render(request, "audit/ledger.html", page)


@require_safe
@requires(Permission.INCIDENTS_READ, Permission.INCIDENTS_READ_MASKED)
def head(request: SignedInRequest) -> HttpResponse:
    """Give the newest signed head: whoever keeps it notices later what was cut off or rewritten."""
    try:
        note, found = proofs.newest()
    except (proofs.NotSealed, keys.SealerKeyError):
        raise Http404 from None
    except proofs.LedgerBroken:
        raise Refused(queries.STOPPED) from None
    return _file(note, f"head-{found.size}.txt", "text/plain; charset=utf-8")


@require_safe
@requires(Permission.INCIDENTS_READ, Permission.INCIDENTS_READ_MASKED)
def key(request: SignedInRequest) -> HttpResponse:
    """Give the public key of the ledger."""
    try:
        return _file(f"{keys.trusted()}\n", "ledger-key.txt", "text/plain; charset=utf-8")
    except keys.SealerKeyError:
        raise Http404 from None


@require_safe
@requires(Permission.TRAIL_READ)
def receipt(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """Give the receipt of one event that the person may read; it can be checked without this server."""
    event = get_object_or_404(Event, pk=event_id)
    if not who_saw.may_prove(request.user, event):
        raise Http404
    try:
        text = receipts.hand_out(event=event, by=request.user)
    except (proofs.NotSealed, keys.SealerKeyError):
        raise Http404 from None
    except proofs.LedgerBroken:
        raise Refused(queries.STOPPED) from None
    return _file(text, f"receipt-{event_id}.json", "application/json")


def _file(text: str, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
