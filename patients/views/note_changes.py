"""What happens to a note after it was written: addenda, mistakes, its versions, drafts thrown away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from patients.forms.note import Addendum, Mistake
from patients.queries import notes as found
from patients.services import drafts, notes
from patients.services.versions import Conflict
from patients.views.chart import chart_of
from patients.views.drafts import require_writer
from patients.views.entry_forms import restrictable
from patients.views.notes import FRAME, READ, WRITE, framed, note_of, shown
from security.access.gate import SignedInRequest, requires


@require_POST
@requires(WRITE, of="patient_id")
def amend(request: SignedInRequest, patient_id: UUID, note_id: UUID) -> HttpResponseBase:
    """Add to a signed note."""
    require_writer(request)
    chart = chart_of(request, patient_id)
    row, form = restrictable(chart, note_of(chart, note_id)), Addendum(request.POST)
    if not form.is_valid():
        return shown(request, chart, row, addendum=form, status=422)
    notes.amend(note_id=note_id, text=form.cleaned_data["text"], by=request.user)
    messages.success(request, _("The addendum is signed."))
    return redirect("patients:note", patient_id, note_id)


@require_POST
@requires(WRITE, of="patient_id")
def mark_mistaken(request: SignedInRequest, patient_id: UUID, note_id: UUID) -> HttpResponseBase:
    """Mark one's own note as entered in error."""
    chart = chart_of(request, patient_id)
    row, form = note_of(chart, note_id), Mistake(request.POST)
    if form.is_valid():
        try:
            notes.mark_mistaken(note_id=note_id, by=request.user, **form.cleaned_data)
        except Conflict:
            messages.warning(request, _("The note was changed meanwhile. Read it again first."))
        return redirect("patients:note", patient_id, note_id)
    return shown(request, chart, row, mistake_form=form, status=422)


@require_POST
@requires(WRITE, of="patient_id")
def discard(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Throw one's own draft of a note away."""
    sent = request.POST.get("target", "")
    try:
        target_id = UUID(sent) if sent else None
    except ValueError:
        raise Http404 from None
    drafts.drop(form=notes.FORM, patient_id=patient_id, target_id=target_id, by=request.user)
    messages.success(request, _("The draft was thrown away."))
    if target_id is None:
        return redirect("patients:notes", patient_id)
    return redirect("patients:note", patient_id, target_id)


@require_safe
@requires(READ, of="patient_id")
def versions(request: SignedInRequest, patient_id: UUID, note_id: UUID) -> HttpResponse:
    """Show two versions of a note, word by word."""
    chart = chart_of(request, patient_id)
    row = note_of(chart, note_id)
    earlier = _number(request.GET.get("from", ""), max(row.version - 1, 1))
    later = _number(request.GET.get("to", ""), row.version)
    first, second = sorted((earlier, later))
    page = framed(chart, "patients/notes/_versions.html") | {
        "note": found.told(chart, row),
        "history": found.history(row),
        "changes": found.changes(chart, row, earlier=first, later=second),
        "first": first,
        "second": second,
    }
    return render(request, FRAME, page)


def _number(sent: str, usual: int) -> int:
    return int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 9 else usual
