"""Documents of a patient: list and upload, one document with its pictures, the file itself."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from csp.constants import NONE
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.forms.documents import Upload, Withdrawal
from patients.media import contents, sandbox
from patients.models import Document
from patients.queries import documents as shelf
from patients.queries.chart import Chart
from patients.services import documents, versions
from patients.views.chart import chart_of, opened
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission
from security.sealing import SealBroken

READ, WRITE = Permission.CLINICAL_READ, Permission.CLINICAL_WRITE


@require_http_methods(["GET", "HEAD"])
@requires(READ, of="patient_id")
def index(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """List the documents, and offer to add one."""
    return _list(request, patient_id, None)


def _list(
    request: SignedInRequest, patient_id: UUID, form: Upload | None, status: int = 200
) -> HttpResponse:
    chart, page = opened(request, patient_id, "documents")
    page["patient_id"] = patient_id
    page["documents"] = shelf.page(chart, after=request.GET.get("after", ""))
    if chart.may(WRITE):
        page["upload"] = form or Upload(may_restrict=_may_restrict(chart))
    return render(request, "patients/patient.html", page, status=status)


def _may_restrict(chart: Chart) -> bool:
    return chart.may(Permission.RESTRICTED_WRITE)


@require_POST
@requires(WRITE, of="patient_id")
def add(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Take one document in."""
    chart = chart_of(request, patient_id)
    form = Upload(request.POST, request.FILES, may_restrict=_may_restrict(chart))
    if _is_too_large(request):
        form.errors["file"] = form.error_class([documents.too_large()])
    elif form.is_valid():
        try:
            documents.add(patient_id=patient_id, incoming=_incoming(form), by=request.user)
        except documents.NotAccepted as refusal:
            form.add_error("file", str(refusal.reason))
        else:
            messages.success(request, _("The document is in the record."))
            return redirect("patients:documents", patient_id)
    return _list(request, patient_id, form, status=422)


def _is_too_large(request: SignedInRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not request.FILES and length.isdecimal() and int(length) > settings.UPLOAD_MOST_BYTES


def _incoming(form: Upload) -> documents.Incoming:
    said, file = form.cleaned_data, form.cleaned_data["file"]
    moment = timezone.make_aware(datetime.combine(said["occurred_on"], time(12)))
    return documents.Incoming(
        filename=file.name,
        content=file.read(),
        title=said["title"],
        kind=said["kind"],
        occurred_at=min(moment, timezone.now()),
        is_restricted=said.get("is_restricted", False),
    )


def _document(
    request: SignedInRequest, patient_id: UUID, document_id: UUID
) -> tuple[Chart, Document]:
    chart = chart_of(request, patient_id)
    try:
        return chart, shelf.find(chart, document_id)
    except Document.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(READ, of="patient_id")
def document(request: SignedInRequest, patient_id: UUID, document_id: UUID) -> HttpResponse:
    """Show one document: its pages as pictures, or its text."""
    _chart, row = _document(request, patient_id, document_id)
    return _page(request, patient_id, row, Withdrawal(initial={"version": row.version}))


def _page(
    request: SignedInRequest, patient_id: UUID, row: Document, form: Withdrawal, status: int = 200
) -> HttpResponse:
    chart, page = opened(request, patient_id, "documents")
    page["document"] = _facts(chart, row)
    page["withdrawal"] = form if _may_withdraw(chart, row) else None
    page["patient_id"] = patient_id
    page["panel"] = "patients/_document.html"
    return render(request, "patients/patient.html", page, status=status)


def _may_withdraw(chart: Chart, row: Document) -> bool:
    is_normal = row.confidentiality == Document.Confidentiality.NORMAL
    return chart.may(WRITE) and (is_normal or _may_restrict(chart))


def _facts(chart: Chart, row: Document) -> dict[str, Any]:
    facts = shelf.shown(chart, row) | {"row": row, "pictures": shelf.pictures(chart, row)}
    try:
        if row.media_type == contents.TEXT:
            facts["text"] = documents.text(row)
    except (SealBroken, contents.BadContent):
        facts["broken"] = True
    return facts


@require_safe
@requires(READ, of="patient_id")
def picture(
    request: SignedInRequest, patient_id: UUID, document_id: UUID, number: int
) -> HttpResponse:
    """Show one page of a document as a picture, drawn by the confined child."""
    _chart, row = _document(request, patient_id, document_id)
    if number >= min(row.pages, shelf.MOST_PICTURES) or row.media_type == contents.TEXT:
        raise Http404
    try:
        return HttpResponse(documents.picture(row, number), content_type="image/png")
    except (SealBroken, sandbox.NotAPicture):
        raise Http404 from None


@require_safe
@requires(READ, of="patient_id")
def file(request: SignedInRequest, patient_id: UUID, document_id: UUID) -> HttpResponse:
    """Give the file out, as a download and never as a page."""
    _chart, row = _document(request, patient_id, document_id)
    try:
        content = documents.give_out(row=row, by=request.user)
    except SealBroken:
        raise Http404 from None
    response = HttpResponse(content, content_type="application/octet-stream")
    name = row.filename or f"document.{EXTENSIONS[row.media_type]}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    # Of the file alone: a refusal is a page of ours.
    response._csp_replace = {"default-src": [NONE], "sandbox": True}  # type: ignore[attr-defined]
    return response


EXTENSIONS = {contents.PDF: "pdf", contents.JPEG: "jpg", contents.PNG: "png", contents.TEXT: "txt"}


@require_POST
@requires(WRITE, of="patient_id")
def withdraw(request: SignedInRequest, patient_id: UUID, document_id: UUID) -> HttpResponseBase:
    """Take a document back that was filed in error."""
    chart, row = _document(request, patient_id, document_id)
    if not _may_withdraw(chart, row):
        raise Refused(_("Your role does not include this."))
    form = Withdrawal(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            documents.withdraw(
                document_id=row.pk, version=said["version"], reason=said["reason"], by=request.user
            )
        except versions.Conflict as conflict:
            messages.warning(request, _("Somebody changed this document meanwhile. Look again."))
            row = conflict.row
            again = {"version": row.version, "reason": said["reason"]}
            return _page(request, patient_id, row, Withdrawal(initial=again), status=409)
        else:
            messages.success(request, _("The document is marked as filed in error."))
            return redirect("patients:document", patient_id, document_id)
    return _page(request, patient_id, row, form, status=422)
