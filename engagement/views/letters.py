"""Letters for the post: what waits, batches, their paper, and that they were posted."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from engagement.models import LetterBatch
from engagement.services import letters
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.printing import NotPrintable

DESK = Permission.DEMOGRAPHICS_ASSIGN
SHOWN = 30


@require_safe
@requires(DESK)
def index(request: SignedInRequest) -> HttpResponse:
    """Show how many letters wait, and the latest batches."""
    batches = LetterBatch.objects.select_related("made_by", "posted_by").order_by("-made_at", "-pk")
    page = {"waiting": letters.waiting_count(), "rows": list(batches[:SHOWN])}
    return render(request, "engagement/letters/list.html", page)


@require_POST
@requires(DESK)
def gather(request: SignedInRequest) -> HttpResponseBase:
    """Put what waits into one batch."""
    try:
        letters.gather(by=request.user)
    except letters.NothingWaits as refusal:
        messages.info(request, str(refusal.reason))
    else:
        messages.success(request, _("Gathered. Print them, then say that they were posted."))
    return redirect("engagement:letters")


@require_safe
@requires(DESK)
def paper(request: SignedInRequest, letters_id: UUID) -> HttpResponseBase:
    """Give the letters of a batch as one file."""
    batch = get_object_or_404(LetterBatch, pk=letters_id, posted_at__isnull=True)
    try:
        content = letters.paper(batch=batch, by=request.user)
    except NotPrintable:
        messages.error(request, _("The letters can not be set: a font is missing."))
        return redirect("engagement:letters")
    response = HttpResponse(content, content_type="application/pdf")
    name = f"letters-{batch.pk}.pdf"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@require_POST
@requires(DESK)
def posted(request: SignedInRequest, letters_id: UUID) -> HttpResponseBase:
    """Mark a batch as posted."""
    batch = get_object_or_404(LetterBatch, pk=letters_id)
    try:
        letters.post(batch_id=batch.pk, by=request.user)
    except letters.PostedAlready as refusal:
        messages.info(request, str(refusal.reason))
    else:
        messages.success(request, _("Taken down as posted."))
    return redirect("engagement:letters")
