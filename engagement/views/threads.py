"""Conversations: the shared inbox, one conversation, its beginning, how fast answers are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from engagement.forms.threads import Answer, Assign, Figures, HandOver, Narrowed, NoteForm, Opening
from engagement.models import Thread
from engagement.queries import canned, inbox, inboxes, response_times, thread_page
from engagement.queries import threads as found
from engagement.services import threads
from patients.queries import drafts as typed
from patients.views.chart import opened, sent
from security import context
from security.access.categories import Reach
from security.access.decision import decide, reach_of_user
from security.access.gate import Refused, SignedInRequest, has_fresh_factor, requires
from security.access.permissions import Permission

READ, WRITE = Permission.MESSAGES_READ, Permission.MESSAGES_WRITE
FORM = "message"


@require_safe
@requires(READ)
def boxes(request: SignedInRequest) -> HttpResponse:
    """Show the shared inbox: one's own, nobody's, whose turn it is, what is done."""
    show = request.GET.get("show", "mine")
    show = show if show in inbox.SHOWS else "mine"
    form = Narrowed(request.GET)
    unit_id = form.cleaned_data["unit"] if form.is_valid() else None
    shown = inbox.page(request.user, show=show, unit_id=unit_id, after=request.GET.get("after", ""))
    page: dict[str, Any] = {"rows": shown["rows"], "show": show, "form": form, "unit": unit_id}
    if shown["next"]:
        page["next_url"] = f"?show={show}&unit={unit_id or ''}&after={shown['next']}"
    page["counts"] = inbox.counts(request.user)
    page["writes"] = reach_of_user(request.user, WRITE) is not Reach.NONE
    return render(request, "engagement/threads/inbox.html", page)


@require_safe
@requires(WRITE)
def figures(request: SignedInRequest) -> HttpResponse:
    """Show how fast messages are answered, inbox by inbox."""
    usual = {"days": 30, "hours": settings.THREAD_ANSWER_HOURS}
    form = Figures({name: request.GET.get(name, value) for name, value in usual.items()})
    chosen = form.cleaned_data if form.is_valid() else usual
    page = {"form": form, "table": response_times.table(**chosen), "hours": chosen["hours"]}
    return render(request, "engagement/threads/figures.html", page)


@require_safe
@requires(READ, of="patient_id")
def of_patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show the conversations with one patient."""
    _chart, page = opened(request, patient_id, "messages")
    page |= {"panel": "engagement/threads/_patient.html", "patient_id": patient_id}
    page["rows"] = inbox.of_patient(request.user, patient_id)
    page["writes"] = may_write(request, patient_id)
    return render(request, "patients/patient.html", page)


def may_write(request: SignedInRequest, patient_id: UUID) -> bool:
    """Tell whether the person may write to this patient now."""
    made = decide(request.user, WRITE, patient_id, context.current().purpose)
    return made.allowed or (made.step_up and has_fresh_factor(request))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(READ, of="patient_id")
def new(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Begin a conversation with one patient."""
    if not may_write(request, patient_id):
        raise Refused(_("Your role does not include this."))
    mine = next(iter(found.inboxes_of(request.user)), None)
    form = Opening(sent(request), request.FILES or None, initial={"unit": mine})
    if form.is_valid():
        said = form.cleaned_data
        try:
            row = threads.begin(
                patient_id=patient_id, unit_id=said["unit"], subject=said["subject"],
                words=form.words(), by=request.user,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("engagement:thread", patient_id, row.pk)
    _chart, page = opened(request, patient_id, "messages")
    page |= {"panel": "engagement/threads/_new.html", "patient_id": patient_id, "form": form}
    return render(request, "patients/patient.html", page, status=422 if form.errors else 200)


def thread_of(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> Thread:
    """Return a conversation that the person may see; what is hidden does not exist."""
    try:
        return found.find(request.user, thread_id, patient_id=patient_id)
    except Thread.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(READ, of="patient_id")
def thread(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Show one conversation, and note that it was read."""
    row = thread_of(request, patient_id, thread_id)
    response = shown(request, row)
    threads.read(thread_id=row.pk, by=request.user)
    return response


def shown(
    request: SignedInRequest,
    row: Thread,
    key: str = "",
    wrong: Form | None = None,
    status: int = 422,
) -> HttpResponse:
    """Show a conversation with its forms; the one that was refused holds what was typed and says why."""
    one = thread_page.of(request.user, row)
    page: dict[str, Any] = {"one": one, "patient_id": row.patient_id}
    if may_write(request, row.patient_id):
        page |= _forms(request, row, one)
    if wrong is not None:
        page |= {key: wrong, "opened": key}
    name = "engagement/threads/thread.html"
    return render(request, name, page, status=status if wrong is not None else 200)


def _forms(request: SignedInRequest, row: Thread, one: dict[str, Any]) -> dict[str, Any]:
    kept = typed.find(request.user, form=FORM, patient_id=row.patient_id, target_id=row.pk)
    text = str(kept.content.get("text", "")) if kept else ""
    people = inboxes.colleagues()
    return {
        "answer": Answer(initial={"text": text, "after": one["last"]}),
        "kept_at": kept.updated_at if kept and text else None,
        "note": NoteForm(prefix="note"),
        "assign": Assign(people=people, initial={"to": row.assignee_id}, prefix="assign"),
        "hand_over": HandOver(people=people, prefix="hand_over"),
        "ready": canned.for_inbox(row.unit_id, in_chinese=one["reads_chinese"]),
    }
