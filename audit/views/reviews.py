"""The queue of emergency accesses that are reviewed, one review, and patients whom reception tells."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit import printing
from audit.forms.reviews import Officer, Told, Verdict
from audit.models import Review
from audit.queries import letters
from audit.queries import reviews as queries
from audit.services import reviews
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, MANAGE = Permission.INCIDENTS_READ, Permission.INCIDENTS_MANAGE
DESK = Permission.DEMOGRAPHICS_ASSIGN


@require_safe
@requires(READ)
def queue(request: SignedInRequest) -> HttpResponse:
    """List the emergency accesses that wait for a review, or those that were decided."""
    is_done = request.GET.get("show") == "decided"
    page = queries.queue(request.user, is_done=is_done, after=request.GET.get("after", ""))
    page["manages"] = queries.manages(request.user)
    if page["next"]:
        page["next_url"] = f"?{'show=decided&' if is_done else ''}after={page['next']}"
    return render(request, "audit/reviews.html", page)


def _found(review_id: UUID) -> Review:
    try:
        return queries.find(review_id)
    except Review.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(READ)
def review(request: SignedInRequest, review_id: UUID) -> HttpResponse:
    """Show what was opened in one emergency, and why."""
    return _show(request, _found(review_id))


def _show(request: SignedInRequest, row: Review, **wrong: Form) -> HttpResponse:
    page: dict[str, Any] = {
        "review": queries.in_full(request.user, row),
        "manages": queries.manages(request.user),
        "verdict": wrong.get("verdict") or Verdict(),
        "officer": wrong.get("officer") or Officer(initial={"officer": row.assigned_to_id}),
    }
    return render(request, "audit/review.html", page, status=422 if wrong else 200)


@require_POST
@requires(MANAGE)
def assign(request: SignedInRequest, review_id: UUID) -> HttpResponseBase:
    """Give a review to an officer."""
    row, form = _found(review_id), Officer(request.POST)
    if form.is_valid():
        try:
            reviews.assign(review_id=row.pk, to=form.cleaned_data["officer"], by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("audit:review", row.pk)
    return _show(request, row, officer=form)


@require_POST
@requires(MANAGE)
def decide(request: SignedInRequest, review_id: UUID) -> HttpResponseBase:
    """Close a review with a verdict."""
    row, form = _found(review_id), Verdict(request.POST)
    if form.is_valid():
        try:
            row = reviews.decide(review_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Reviewed. The patient is told without any content."))
            return redirect("audit:review", row.pk)
    return _show(request, row, verdict=form)


@require_safe
@requires(DESK)
def to_tell(request: SignedInRequest) -> HttpResponse:
    """List the patients whom reception tells of an emergency access: they have no account with an address."""
    page = {"rows": queries.to_tell(request.user), "form": Told()}
    return render(request, "audit/to_tell.html", page)


@require_safe
@requires(DESK)
def letter(request: SignedInRequest, review_id: UUID, language: str) -> HttpResponseBase:
    """Give out the letter to a patient whom reception tells, in the patient's own language or another."""
    row = _found(review_id)
    if not row.waits_for_reception:
        messages.info(request, _("This patient is not, or not any more, to be told by reception."))
        return redirect("audit:to_tell")
    to = letters.addressee(request.user, row)
    if to is None or language not in {"own", *printing.LANGUAGES}:
        raise Http404
    chosen = to.language if language == "own" else language
    try:
        with translation.override(printing.LANGUAGES[chosen]):
            written = printing.letter(letters.of(row, to))
    except printing.NotPrintable:
        return render(request, "503.html", status=503)
    reviews.print_letter(review_id=row.pk, language=chosen, by=request.user)
    answer = HttpResponse(written, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="letter-{row.pk}-{chosen}.pdf"'
    return answer


@require_POST
@requires(DESK)
def told(request: SignedInRequest, review_id: UUID) -> HttpResponseBase:
    """Keep that a patient was told, and in which way."""
    row, form = _found(review_id), Told(request.POST)
    way = form.cleaned_data["way"] if form.is_valid() else ""
    reviews.told(review_id=row.pk, way=way, by=request.user)
    messages.success(request, _("Kept: the patient was told."))
    return redirect("audit:to_tell")
