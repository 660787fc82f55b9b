"""Writing notes: the list, the editor, reading and signing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from patients.forms.note import Addendum, Mistake, NoteEdit, NoteText, Signing, initial_of
from patients.models import Note
from patients.queries import chart as charts
from patients.queries import drafts as typed
from patients.queries import note_forms
from patients.queries import notes as found
from patients.queries.chart import Chart
from patients.services import notes
from patients.services.charts import open_tab
from patients.services.versions import Conflict, NothingChanged
from patients.views import conflicts
from patients.views.chart import chart_of, opened
from patients.views.drafts import require_writer
from patients.views.entry_forms import restrictable
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, WRITE, PROTECT = (
    Permission.CLINICAL_READ,
    Permission.CLINICAL_WRITE,
    Permission.RESTRICTED_WRITE,
)
FRAME = "patients/notes/frame.html"


@require_safe
@requires(READ, of="patient_id")
def index(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """List a patient's notes."""
    chart, page = opened(request, patient_id, "notes")
    template, after = request.GET.get("template", ""), request.GET.get("after", "")
    page["notes"] = found.page(chart, template=template, after=after)
    page["draft"] = typed.find(request.user, form=notes.FORM, patient_id=patient_id)
    return render(request, "patients/patient.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def new(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Write a new note, going on from what was typed before."""
    chart = chart_of(request, patient_id)
    may_protect = chart.may(PROTECT)
    if request.method == "POST":
        require_writer(request)
        template = template_of(request.POST.get("template", ""))
        form = NoteText(request.POST, template=template, may_protect=may_protect)
        if form.is_valid():
            row = notes.write(
                patient_id=patient_id,
                template=template,
                is_restricted=form.is_restricted,
                by=request.user,
                **form.words,
            )
            return onwards(request, row)
        return editor(request, chart, form, template=template, status=422)
    kept = typed.find(request.user, form=notes.FORM, patient_id=patient_id)
    content = dict(kept.content) if kept else {}
    template = template_of(content.get("template") or request.GET.get("template", ""))
    initial = {"occurred_at": timezone.localtime()} | content | {"template": template}
    form = NoteText(initial=initial, template=template, may_protect=may_protect)
    return editor(request, chart, form, template=template, kept=kept)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def edit(request: SignedInRequest, patient_id: UUID, note_id: UUID) -> HttpResponseBase:
    """Change one's own note before it is signed."""
    chart = chart_of(request, patient_id)
    row = restrictable(chart, note_of(chart, note_id))
    if request.method == "POST":
        return changed(request, chart, row)
    if row.author_id != request.user.pk or row.status != Note.Status.OPEN:
        return redirect("patients:note", patient_id, note_id)
    kept = typed.find(request.user, form=notes.FORM, patient_id=patient_id, target_id=note_id)
    content = dict(kept.content) if kept else {}
    version = (kept and kept.target_version) or row.version
    initial = initial_of(row) | content | {"version": version, "template": row.template}
    form = NoteEdit(initial=initial, template=row.template)
    return editor(request, chart, form, template=row.template, kept=kept, row=row)


def changed(request: SignedInRequest, chart: Chart, row: Note) -> HttpResponseBase:
    """Take a changed note, or show what two writers differ on."""
    require_writer(request)
    form = NoteEdit(request.POST, template=row.template)
    if not form.is_valid():
        return editor(request, chart, form, template=row.template, row=row, status=422)
    version = form.cleaned_data["version"]
    try:
        row = notes.edit(note_id=row.pk, version=version, changes=form.words, by=request.user)
    except Conflict as conflict:
        back_url = reverse("patients:note", args=[row.patient_id, row.pk])
        page = {"banner": charts.banner(chart), "back_url": back_url, "title": _("Note")}
        return conflicts.show(request, conflict, form=form, initial_of=initial_of, page=page)
    except NothingChanged:
        notes.settle(note_id=row.pk, by=request.user)
    return onwards(request, row)


@require_safe
@requires(READ, of="patient_id")
def read(request: SignedInRequest, patient_id: UUID, note_id: UUID) -> HttpResponse:
    """Show one note with what was added to it."""
    chart = chart_of(request, patient_id)
    row = note_of(chart, note_id)
    open_tab(patient_id=patient_id, tab="notes", by=request.user)
    return shown(request, chart, row)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE, of="patient_id")
def sign(request: SignedInRequest, patient_id: UUID, note_id: UUID) -> HttpResponseBase:
    """Show what is signed, and sign exactly that."""
    chart = chart_of(request, patient_id)
    row = note_of(chart, note_id)
    form, status, is_newer = Signing(request.POST or None), 200, False
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                notes.sign(note_id=note_id, version=form.cleaned_data["version"], by=request.user)
            except Conflict:
                row, status, is_newer = note_of(chart, note_id), 409, True
            else:
                messages.success(request, _("The note is signed."))
                return redirect("patients:note", patient_id, note_id)
    if row.author_id != request.user.pk or row.status != Note.Status.OPEN:
        return redirect("patients:note", patient_id, note_id)
    kept = typed.find(request.user, form=notes.FORM, patient_id=patient_id, target_id=note_id)
    edit_url = reverse("patients:note_edit", args=[patient_id, note_id])
    page = framed(chart, "patients/notes/_sign.html") | {"note": found.told(chart, row)}
    page |= {"is_newer": is_newer, "unsaved": kept, "edit_url": edit_url}
    return render(request, FRAME, page, status=status)


def note_of(chart: Chart, note_id: UUID) -> Note:
    """Return a note of the patient that the reader may open."""
    try:
        row = found.find(chart, note_id)
    except Note.DoesNotExist:
        raise Http404 from None
    if found.is_locked(chart, row):
        raise Refused(_("This note is specially protected and open to named clinicians only."))
    return row


def template_of(sent: str) -> str:
    """Return the template that was asked for, or the usual one."""
    return sent if sent in Note.Template.values else str(Note.Template.SOAP)


def onwards(request: SignedInRequest, row: Note) -> HttpResponseBase:
    """Lead on from a saved note: to signing it, or to reading it."""
    name = "patients:note_sign" if request.POST.get("then") == "sign" else "patients:note"
    messages.success(request, _("The note is saved."))
    return redirect(name, row.patient_id, row.pk)


def framed(chart: Chart, panel: str) -> dict[str, Any]:
    """Return the frame of a page about one note."""
    return charts.frame(chart, "notes") | {"panel": panel}


def editor(
    request: SignedInRequest,
    chart: Chart,
    form: NoteText,
    *,
    template: str,
    kept: typed.Kept | None = None,
    row: Note | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the form of a note, and when the draft that fills it was kept."""
    page = framed(chart, "patients/notes/_editor.html") | {
        "form": form,
        "target": row.pk if row else "",
        "template": Note.Template(template).label,
        "sections": [form[key] for key in form.sections],
        "kept_at": kept and timezone.localtime(kept.updated_at),
        # What may turn out to be protected is kept under that key from the first letter on.
        "is_restricted": row.is_protected if row else chart.may(PROTECT),
    }
    return render(request, FRAME, page, status=status)


def shown(
    request: SignedInRequest, chart: Chart, row: Note, *, status: int = 200, **forms: Any
) -> HttpResponse:
    """Show a note with the forms that belong to it."""
    may_write = chart.may(WRITE)
    page = framed(chart, "patients/notes/_note.html") | {
        "note": found.told(chart, row),
        "may_write": may_write,
    }
    page |= {"may_protect": chart.may(PROTECT)} | forms
    may_add = may_write and (not row.is_protected or chart.may(PROTECT))
    if may_add and row.status == Note.Status.SIGNED:
        page |= {"addendum": Addendum(initial={"text": _typed_for(chart, row)})} | forms
    page.setdefault("mistake_form", Mistake(initial={"version": row.version}))
    return render(request, FRAME, page, status=status)


def _typed_for(chart: Chart, row: Note) -> str:
    """Return an unsaved addendum, or what was typed into the note and came too late."""
    about = {"patient_id": row.patient_id, "target_id": row.pk}
    if kept := typed.find(chart.reader, form=notes.ADDENDUM, **about):
        return str(kept.content.get("text", ""))
    if kept := typed.find(chart.reader, form=notes.FORM, **about):
        keys = note_forms.labels(row.template)
        return "\n\n".join(str(kept.content[key]) for key in keys if kept.content.get(key))
    return ""
