"""Adding, correcting and following the structured entries of a record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.forms.entries import FORMS
from patients.forms.entries.differences import between
from patients.forms.entries.entry import Entry
from patients.forms.entries.void import Void
from patients.models import Observation
from patients.queries import codes, history, trends
from patients.queries.chart import Chart, banner
from patients.queries.kinds import BY_KEY
from patients.services import drafts, entries, versions
from patients.views import conflicts
from patients.views.chart import chart_of
from patients.views.entry_forms import (
    again,
    born,
    framed,
    opened,
    reading,
    restrictable,
    warned,
    without_draft,
)
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


def form_of(kind: str) -> type[Entry]:
    """Return the form of a kind of entry that people write."""
    try:
        return FORMS[kind]
    except KeyError:
        raise Http404 from None


def entry_of(chart: Chart, kind: str, record_id: UUID) -> Any:
    """Return an entry; what is not of this chart does not exist, what is protected is refused."""
    if kind not in FORMS:
        raise Http404
    try:
        return history.find(chart, kind, record_id)
    except BY_KEY[kind].model.DoesNotExist:
        raise Http404 from None
    except history.Locked:
        raise Refused(_("This entry is restricted, and not open to you.")) from None


@GET_OR_POST
@requires(Permission.CLINICAL_WRITE, of="patient_id")
def add(request: SignedInRequest, patient_id: UUID, kind: str) -> HttpResponse:
    """Add an entry."""
    chart, model = chart_of(request, patient_id), form_of(kind)
    may_restrict = chart.may(Permission.RESTRICTED_WRITE)
    page = framed(chart, kind)
    if without_draft(request, patient_id, kind, None):
        return redirect(request.path)
    if request.method != "POST":
        return render(request, "patients/entries/form.html", page | opened(chart, model, None))
    form = model(request.POST, born=born(chart), may_restrict=may_restrict)
    if not form.is_valid() or (cautions := warned(chart, form)) is None:
        return again(request, page, form)
    entries.add(
        model=BY_KEY[kind].model,
        patient_id=patient_id,
        values=form.values(),
        confidentiality=form.cleaned_data.get("confidentiality") or "N",
        warnings=len(cautions),
        by=request.user,
    )
    drafts.drop(form=kind, patient_id=patient_id, by=request.user)
    messages.success(request, _("Saved."))
    return redirect(page["back_url"])


@GET_OR_POST
@requires(Permission.CLINICAL_WRITE, of="patient_id")
def correct(request: SignedInRequest, patient_id: UUID, kind: str, record_id: UUID) -> HttpResponse:
    """Correct an entry, with a reason; the version before is kept."""
    chart = chart_of(request, patient_id)
    row = restrictable(chart, entry_of(chart, kind, record_id))
    page = framed(chart, kind, row)
    if without_draft(request, patient_id, kind, row):
        return redirect(request.path)
    if request.method != "POST":
        return render(request, "patients/entries/form.html", page | opened(chart, FORMS[kind], row))
    form = FORMS[kind](request.POST, row=row, born=born(chart))
    if not form.is_valid() or warned(chart, form) is None:
        return again(request, page, form)
    return _corrected(request, chart, page, form)


def _corrected(
    request: SignedInRequest, chart: Chart, page: dict[str, Any], form: Entry
) -> HttpResponse:
    said, row = form.cleaned_data, form.row
    try:
        entries.correct(
            model=type(row),
            row_id=row.pk,
            version=said["version"],
            changes=form.values(),
            reason=said["reason"],
            by=request.user,
        )
    except versions.Conflict as conflict:
        restrictable(chart, conflict.row)
        initial_of = reading(chart, type(form))
        return conflicts.show(request, conflict, form=form, initial_of=initial_of, page=page)
    except versions.NothingChanged:
        form.add_error(None, _("Nothing is different from what is stored."))
        return again(request, page, form)
    drafts.drop(form=form.kind, patient_id=row.patient_id, target_id=row.pk, by=request.user)
    messages.success(request, _("Corrected. The version before is kept."))
    return redirect(page["back_url"])


@GET_OR_POST
@requires(Permission.CLINICAL_WRITE, of="patient_id")
def void(request: SignedInRequest, patient_id: UUID, kind: str, record_id: UUID) -> HttpResponse:
    """Mark an entry as entered in error, with a reason."""
    chart = chart_of(request, patient_id)
    row = restrictable(chart, entry_of(chart, kind, record_id))
    page = framed(chart, kind, row)
    form = Void(request.POST or None, initial={"version": row.version})
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "patients/entries/void.html", page | {"form": form}, status=status)
    try:
        entries.void(
            model=type(row),
            row_id=row.pk,
            codes=FORMS[kind].wrong,
            by=request.user,
            **form.cleaned_data,
        )
    except versions.Conflict as conflict:
        return conflicts.show(request, conflict, form=form, initial_of=lambda row: {}, page=page)
    messages.success(request, _("Marked as entered in error. It stays in the record and says so."))
    return redirect(page["back_url"])


@require_POST
@requires(Permission.CLINICAL_WRITE, of="patient_id")
def none_known(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Note that no allergies are known."""
    chart = chart_of(request, patient_id)
    entries.note_none_known(chart=chart, by=request.user)
    messages.success(request, _("Noted: no known allergies."))
    return redirect(framed(chart, "allergies")["back_url"])


@require_safe
@requires(Permission.CLINICAL_READ, of="patient_id")
def past(request: SignedInRequest, patient_id: UUID, kind: str, record_id: UUID) -> HttpResponse:
    """Show every version of an entry: who changed what, when and why."""
    chart = chart_of(request, patient_id)
    row = entry_of(chart, kind, record_id)
    page = framed(chart, kind, row)
    page["steps"] = history.steps(chart, row, between(FORMS[kind]))
    return render(request, "patients/entries/history.html", page)


@require_safe
@requires(Permission.CLINICAL_READ, of="patient_id")
def trend(request: SignedInRequest, patient_id: UUID, observation_id: UUID) -> HttpResponse:
    """Show how a measurement ran over time."""
    chart = chart_of(request, patient_id)
    row: Observation = entry_of(chart, "observations", observation_id)
    found = trends.of(chart, row)
    words = {"low": _("Range from"), "high": _("Range to")}
    drawn = trends.drawing(found, [_("Upper"), _("Lower")], words)
    page = framed(chart, "observations", row) | {"trend": found, "drawing": drawn}
    return render(request, "patients/entries/trend.html", page | {"banner": banner(chart)})


@require_POST
@requires(Permission.CLINICAL_WRITE)
def offer(request: SignedInRequest, codelist: str) -> HttpResponse:
    """Offer codes for what is being typed; it is posted, so that no diagnosis enters an address."""
    typed = request.POST.get("q", "")
    found = codes.search(codelist, typed)
    page = {"codes": found, "typed": typed[: codes.LONGEST]}
    return render(request, "patients/entries/_codes.html", page)
