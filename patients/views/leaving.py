"""Colleagues who leave: who they are, what they still hold, and handing it over."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from patients.forms.leaving import HandOver
from patients.queries import colleagues, leaving
from patients.queries.leaving import Leaver
from patients.services import leavers
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission


@require_safe
@requires(Permission.DEMOGRAPHICS_ASSIGN)
def index(request: SignedInRequest) -> HttpResponse:
    """List the colleagues who leave and still hold something."""
    return render(request, "patients/leaving/index.html", {"leavers": leaving.leavers()})


@require_safe
@requires(Permission.DEMOGRAPHICS_ASSIGN)
def leaver(request: SignedInRequest, colleague_id: UUID) -> HttpResponse:
    """Show what one of them still holds."""
    found = _found(colleague_id)
    return _page(request, found, HandOver(clinicians=_successors(found)))


@require_POST
@requires(Permission.DEMOGRAPHICS_ASSIGN, step_up=True)
def hand_over(request: SignedInRequest, colleague_id: UUID) -> HttpResponseBase:
    """Give all patients of one of them to a successor."""
    found = _found(colleague_id)
    form = HandOver(request.POST, clinicians=_successors(found))
    if form.is_valid():
        try:
            given = leavers.hand_over(
                leaver_id=found.id,
                successor_id=UUID(form.cleaned_data["successor"]),
                is_fresh=True,
                by=request.user,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            said = ngettext("%(count)d patient given.", "%(count)d patients given.", given)
            messages.success(request, said % {"count": given})
            return redirect("patients:leaving")
    return _page(request, found, form)


def _found(colleague_id: UUID) -> Leaver:
    found = leaving.leaver(colleague_id)
    if found is None:
        raise Http404
    return found


def _successors(leaver: Leaver) -> list[tuple[str, str]]:
    return [pair for pair in colleagues.clinicians() if pair[0] != str(leaver.id)]


def _page(request: SignedInRequest, leaver: Leaver, form: HandOver) -> HttpResponse:
    after = request.GET.get("after", "")
    page = {
        "leaver": leaver,
        "form": form,
        "page": leaving.patients_of(leaver.id, request.user, after),
    }
    status = 422 if form.errors else 200
    return render(request, "patients/leaving/leaver.html", page, status=status)
