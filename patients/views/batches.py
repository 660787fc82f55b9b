"""Importing a file in the browser: upload, match the columns, check, import, undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from patients import tasks
from patients.forms.batch import Layout, Match, Upload, initial_of
from patients.forms.versioned import Versioned
from patients.imports import faults, registry
from patients.imports.faults import Unreadable
from patients.models import ImportBatch
from patients.queries import batches as shelf
from patients.services import batch_errors, batches
from security import context
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.people import called

# What an import of some kind asks for; which kinds a person may use is asked of the registry.
WRITE = (Permission.IDENTIFIERS_WRITE, Permission.BILLING_WRITE)


def batch_of(request: SignedInRequest, batch_id: UUID) -> ImportBatch:
    """Return an import of a kind that the person may import; others do not exist."""
    try:
        return shelf.find(batch_id, [one.key for one in registry.usable_by(request.user)])
    except ImportBatch.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(*WRITE)
def index(request: SignedInRequest) -> HttpResponse:
    """Show the latest imports and the way to a new one."""
    return _shelf(request, Upload(usable=registry.usable_by(request.user)))


def _shelf(request: SignedInRequest, form: Upload, status: int = 200) -> HttpResponse:
    usable = registry.usable_by(request.user)
    rows = [
        {
            "batch": batch,
            "name": shelf.name_of(batch),
            "label": registry.importers[batch.importer].label,
            "icon": registry.importers[batch.importer].icon,
            "tone": shelf.tone_of(batch),
            "who": called(batch.uploaded_by),
        }
        for batch in shelf.latest([one.key for one in usable])
    ]
    page = {"form": form, "rows": rows, "usable": usable}
    return render(request, "patients/imports/imports.html", page, status=status)


@require_POST
@requires(*WRITE)
def upload(request: SignedInRequest) -> HttpResponseBase:
    """Take a file in."""
    usable = registry.usable_by(request.user)
    form = Upload(request.POST, request.FILES, usable=usable)
    if getattr(request, "is_upload_too_large", False):
        form.add_error("file", faults.sentence("too_large"))
    elif form.is_valid():
        file = form.cleaned_data["file"]
        try:
            batch = batches.upload(
                importer=registry.importers[form.cleaned_data["importer"]],
                file_name=file.name,
                content=file.chunks(),
                purpose=context.current().purpose,
                by=request.user,
            )
        except Unreadable as reason:
            form.add_error("file", faults.sentence(reason.code))
        else:
            return redirect("patients:import", batch.pk)
    return _shelf(request, form, 422)


@require_safe
@requires(*WRITE)
def batch(request: SignedInRequest, batch_id: UUID) -> HttpResponse:
    """Show where one import stands and what can be done next."""
    found = batch_of(request, batch_id)
    return render(request, "patients/imports/import.html", _page(request, found))


def _page(
    request: SignedInRequest,
    found: ImportBatch,
    *,
    match: Match | None = None,
    layout: Layout | None = None,
) -> dict[str, Any]:
    importer = registry.importers[found.importer]
    page: dict[str, Any] = {
        "batch": found,
        "importer": importer,
        "name": shelf.name_of(found),
        "tone": shelf.tone_of(found),
        "problem": faults.sentence(found.problem) if found.problem else "",
        "progress": shelf.progress(found),
        "phase": shelf.phase_of(found),
    }
    if found.status in batches.OPEN:
        page |= _matching(importer, found, match, layout)
        page["sample"] = (
            found.sample if shelf.sees_cells(request.user, found, importer.masked) else []
        )
    if not found.is_at_work and found.status != ImportBatch.Status.UPLOADED:
        page |= _came_of(importer, found)
    return page


def _matching(
    importer: registry.Importer, found: ImportBatch, match: Match | None, layout: Layout | None
) -> dict[str, Any]:
    initial = initial_of(found.mapping, version=found.version, day_order=found.day_order)
    shown = match or Match(initial=initial, importer=importer, headings=found.headers)
    how = {
        "version": found.version,
        "encoding": found.encoding,
        "delimiter": found.delimiter,
    }
    return {
        "match": shown,
        "layout": layout or Layout(initial=how, auto_id="layout_%s"),
        "headings": found.headers,
    }


def _came_of(importer: registry.Importer, found: ImportBatch) -> dict[str, Any]:
    def said(code: str, column: str) -> dict[str, Any]:
        known = importer.column(column)
        return {"column": known.label if known else "", "text": faults.sentence(code)}

    return {
        "kinds": [one | said(one["code"], one["column"]) for one in shelf.summary(found)],
        "first": [
            {"row": error.row} | said(error.code, error.column) for error in shelf.first(found)
        ],
        "can_undo": shelf.can_undo(found),
    }


@require_safe
@requires(*WRITE)
def progress(request: SignedInRequest, batch_id: UUID) -> HttpResponse:
    """Show how far the work is; when it is over the whole page is shown anew."""
    found = batch_of(request, batch_id)
    page = {"batch": found, "progress": shelf.progress(found)}
    response = render(request, "patients/imports/_progress.html", page)
    if not found.is_at_work:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires(*WRITE)
def match(request: SignedInRequest, batch_id: UUID) -> HttpResponseBase:
    """Match the columns and have the file checked, or read it again in another encoding."""
    found = batch_of(request, batch_id)
    if "again" in request.POST:
        return _read_again(request, found)
    importer = registry.importers[found.importer]
    form = Match(request.POST, importer=importer, headings=found.headers)
    if form.is_valid():
        batches.match(
            batch_id=found.pk,
            version=form.cleaned_data["version"],
            mapping=form.cleaned_data["mapping"],
            day_order=form.cleaned_data["day_order"],
            by=request.user,
        )
        return _at_work(request, batch_id)
    page = _page(request, found, match=form)
    return render(request, "patients/imports/import.html", page, status=422)


def _read_again(request: SignedInRequest, found: ImportBatch) -> HttpResponseBase:
    form = Layout(request.POST, auto_id="layout_%s")
    if form.is_valid():
        try:
            batches.read_again(batch_id=found.pk, by=request.user, **form.cleaned_data)
        except Unreadable as reason:
            form.add_error("encoding", faults.sentence(reason.code))
        else:
            return redirect("patients:import", found.pk)
    page = _page(request, found, layout=form)
    return render(request, "patients/imports/import.html", page, status=422)


def _at_work(request: SignedInRequest, batch_id: UUID) -> HttpResponseBase:
    """Hand the work on and show how far it is; without a queue the clock takes it up in half a minute."""
    try:
        tasks.work_on_imports.delay()
    except OperationalError:
        messages.info(request, _("The work begins in a moment."))
    return redirect("patients:import", batch_id)


@require_POST
@requires(*WRITE, step_up=True)
def start(request: SignedInRequest, batch_id: UUID) -> HttpResponseBase:
    """Begin to import what was checked, as it was seen; a fresh factor, as rows may be of watched charts."""
    found, form = batch_of(request, batch_id), Versioned(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else 0
    batches.start(batch_id=found.pk, version=version, by=request.user)
    return _at_work(request, batch_id)


@require_POST
@requires(*WRITE, step_up=True)
def resume(request: SignedInRequest, batch_id: UUID) -> HttpResponseBase:
    """Go on with a paused import."""
    batches.resume(batch_id=batch_of(request, batch_id).pk, by=request.user)
    return _at_work(request, batch_id)


@require_POST
@requires(*WRITE)
def cancel(request: SignedInRequest, batch_id: UUID) -> HttpResponseBase:
    """Stop an import."""
    batches.cancel(batch_id=batch_of(request, batch_id).pk, by=request.user)
    messages.success(request, _("Cancelled. What was written so far can be undone."))
    return redirect("patients:import", batch_id)


@require_POST
@requires(*WRITE)
def undo(request: SignedInRequest, batch_id: UUID) -> HttpResponseBase:
    """Take back what an import wrote."""
    batches.undo(batch_id=batch_of(request, batch_id).pk, by=request.user)
    return _at_work(request, batch_id)


@require_safe
@requires(*WRITE)
def errors(request: SignedInRequest, batch_id: UUID) -> HttpResponse:
    """Give out what was wrong, row by row; the uploaded cells go to who may read such data."""
    found = batch_of(request, batch_id)
    table = batch_errors.table(batch=found, by=request.user)
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="import-errors.csv"'
    return response
