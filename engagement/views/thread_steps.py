"""What is done in a conversation: answer, note, give, hand over, done, take up again; its files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from csp.constants import NONE
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from engagement.forms.threads import Answer, Assign, HandOver, NoteForm
from engagement.models import Thread, ThreadAttachment
from engagement.queries import canned, inboxes, thread_page
from engagement.services import attachments, threads
from engagement.views.threads import FORM, READ, may_write, shown, thread_of
from patients.media import sandbox
from patients.services import documents, drafts
from patients.views.drafts import require_writer
from security.access.gate import Refused, SignedInRequest, requires
from security.models import User
from security.sealing import SealBroken


def writable(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> Thread:
    """Return a conversation in which the person may write now."""
    row = thread_of(request, patient_id, thread_id)
    if not may_write(request, patient_id):
        raise Refused(_("Your role does not include this."))
    return row


@require_POST
@requires(READ, of="patient_id")
def reply(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponseBase:
    """Send an answer; without scripts the same form also puts a ready answer into it."""
    require_writer(request)
    row = writable(request, patient_id, thread_id)
    if "insert" in request.POST:
        return _inserted(request, row)
    form = Answer(request.POST, request.FILES)
    if form.is_valid():
        said = form.cleaned_data
        try:
            threads.reply(
                thread_id=row.pk, words=form.words(), after=said["after"], by=request.user
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            drafts.drop(form=FORM, patient_id=patient_id, target_id=row.pk, by=request.user)
            messages.success(request, _("Sent."))
            return redirect("engagement:thread", patient_id, row.pk)
    return shown(request, row, "answer", _up_to_date(request, row, form))


def _up_to_date(request: SignedInRequest, row: Thread, form: Answer) -> Answer:
    """Let a refused answer be sent once the page shows what came meanwhile."""
    data = request.POST.copy()
    data["after"] = str(thread_page.of(request.user, row)["last"] or "")
    form.data = data
    return form


def _inserted(request: SignedInRequest, row: Thread) -> HttpResponse:
    data = request.POST.copy()
    one = thread_page.of(request.user, row)
    try:
        chosen = UUID(data.get("ready", ""))
    except ValueError:
        raise Http404 from None
    words = canned.text_of(chosen, row.unit_id, in_chinese=one["reads_chinese"])
    typed = data.get("text", "").rstrip()
    form = Answer(initial={"text": f"{typed}\n\n{words}".strip(), "after": data.get("after")})
    return shown(request, row, "answer", form, status=200)


@require_POST
@requires(READ, of="patient_id")
def draft(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponse:
    """Keep what is being typed."""
    require_writer(request)
    row = writable(request, patient_id, thread_id)
    content = {"text": request.POST.get("text", "")}
    drafts.keep(
        form=FORM, patient_id=patient_id, target_id=row.pk, content=content, by=request.user
    )
    said = _("Draft kept at %(time)s") % {"time": time_format(timezone.localtime(), "TIME_FORMAT")}
    return JsonResponse({"said": said})


def _done(request: SignedInRequest, row: Thread, words: str) -> HttpResponseBase:
    messages.success(request, words)
    return redirect("engagement:thread", row.patient_id, row.pk)


def _tried(
    request: SignedInRequest, row: Thread, key: str, form: Form, deed: Any, words: str
) -> HttpResponseBase:
    """Do what a form asks, or show it again with the reason why not."""
    if form.is_valid():
        try:
            deed(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return _done(request, row, words)
    return shown(request, row, key, form)


@require_POST
@requires(READ, of="patient_id")
def note(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponseBase:
    """Note something among colleagues."""
    row = writable(request, patient_id, thread_id)

    def deed(said: dict[str, Any]) -> None:
        threads.note(thread_id=row.pk, text=said["text"], by=request.user)

    form = NoteForm(request.POST, prefix="note")
    return _tried(request, row, "note", form, deed, _("Noted. The patient does not see it."))


@require_POST
@requires(READ, of="patient_id")
def assign(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponseBase:
    """Give a conversation to a colleague, take it, or give it back to the inbox."""
    row = writable(request, patient_id, thread_id)

    def deed(said: dict[str, Any]) -> None:
        threads.assign(thread_id=row.pk, to=_colleague(said["to"]), by=request.user)

    form = Assign(request.POST, people=inboxes.colleagues(), prefix="assign")
    return _tried(request, row, "assign", form, deed, _("The conversation was given."))


@require_POST
@requires(READ, of="patient_id")
def take(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponseBase:
    """Take a conversation oneself."""
    row = writable(request, patient_id, thread_id)
    threads.assign(thread_id=row.pk, to=request.user, by=request.user)
    return _done(request, row, _("It is yours now."))


def _colleague(user_id: UUID | None) -> User | None:
    return None if user_id is None else User.objects.get(pk=user_id)


@require_POST
@requires(READ, of="patient_id")
def hand_over(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponseBase:
    """Hand a conversation over to a colleague or another inbox."""
    row = writable(request, patient_id, thread_id)

    def deed(said: dict[str, Any]) -> None:
        to = _colleague(said["to"])
        threads.hand_over(
            thread_id=row.pk, to=to, unit_id=said["unit"], why=said["why"], by=request.user
        )

    form = HandOver(request.POST, people=inboxes.colleagues(), prefix="hand_over")
    return _tried(request, row, "hand_over", form, deed, _("Handed over."))


@require_POST
@requires(READ, of="patient_id")
def done(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponseBase:
    """Mark a conversation as done."""
    row = writable(request, patient_id, thread_id)
    try:
        after = UUID(request.POST["after"]) if request.POST.get("after") else None
    except ValueError:
        raise Http404 from None
    try:
        threads.done(thread_id=row.pk, after=after, by=request.user)
    except Refused as refusal:
        messages.warning(request, str(refusal.reason))
        return redirect("engagement:thread", patient_id, row.pk)
    messages.success(request, _("Done."))
    return redirect("engagement:inbox")


@require_POST
@requires(READ, of="patient_id")
def reopen(request: SignedInRequest, patient_id: UUID, thread_id: UUID) -> HttpResponseBase:
    """Take up again what was done."""
    row = writable(request, patient_id, thread_id)
    threads.reopen(thread_id=row.pk, by=request.user)
    return _done(request, row, _("Taken up again."))


def _attachment(
    request: SignedInRequest, patient_id: UUID, attachment_id: UUID
) -> ThreadAttachment:
    try:
        return thread_page.attachment(request.user, patient_id, attachment_id)
    except ThreadAttachment.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(READ, of="patient_id")
def attachment(request: SignedInRequest, patient_id: UUID, attachment_id: UUID) -> HttpResponse:
    """Give a file out, as a download and never as a page."""
    row = _attachment(request, patient_id, attachment_id)
    try:
        content = attachments.give_out(row=row, by=request.user)
    except SealBroken:
        raise Http404 from None
    response = HttpResponse(content, content_type="application/octet-stream")
    name = row.filename or "file"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    # Of the file alone: a refusal is a page of ours.
    response._csp_replace = {"default-src": [NONE], "sandbox": True}  # type: ignore[attr-defined]
    return response


@require_safe
@requires(READ, of="patient_id")
def picture(request: SignedInRequest, patient_id: UUID, attachment_id: UUID) -> HttpResponse:
    """Show a picture small, drawn by the confined child."""
    row = _attachment(request, patient_id, attachment_id)
    if row.media_type not in thread_page.PICTURES:
        raise Http404
    try:
        small = documents.small(row.file_id, row.file_key or "")
    except (SealBroken, sandbox.NotAPicture):
        raise Http404 from None
    return HttpResponse(small, content_type="image/png")
