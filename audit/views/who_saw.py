"""Who saw a patient's record, and an access that the patient does not recognise."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from audit.forms.questions import Question
from audit.queries import who_saw as queries
from audit.queries.reviews import manages
from audit.services import questions, searches
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission


@require_safe
@requires(Permission.TRAIL_READ, of="patient_id")
def who_saw(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show who saw a record: as a page, or as the part of one that asked for it."""
    page = queries.page(patient_id, after=request.GET.get("after", ""))
    shown = len(page["groups"])
    searches.searched(about=[patient_id], filters=["subject"], shown=shown, by=request.user)
    page |= {"patient_id": patient_id, "may_question": manages(request.user)}
    is_fragment = request.headers.get("HX-Request") == "true"
    return render(request, "audit/_who_saw.html" if is_fragment else "audit/who_saw.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.INCIDENTS_MANAGE, of="patient_id")
def question(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Take down that the patient does not recognise an access, and say what happens next."""
    start = {"event": request.GET.get("event", "")}
    form = Question(request.POST if request.method == "POST" else None, initial=start)
    page = {"form": form, "patient_id": patient_id, "is_done": False}
    if form.is_valid():
        said = form.cleaned_data
        try:
            questions.ask(
                patient_id=patient_id, event_id=said["event"], words=said["words"], by=request.user
            )
        except questions.NotOfThisRecord:
            raise Http404 from None
        page["is_done"] = True
    return render(request, "audit/question.html", page, status=422 if form.errors else 200)
