"""Impact assessments: the list, one of them, its form, its sign-off, its paper."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent import printing
from consent.forms import assessments as forms
from consent.models import ImpactAssessment, ProcessingPurpose
from consent.queries import assessments as queries
from consent.services import assessments, refusals
from consent.views.purposes import MANAGE, READ, manages
from security.access.gate import Refused, SignedInRequest, requires

FORM = "consent/assessments/form.html"
LANGUAGES = {"en": "en", "zh": "zh-hans"}


def found(assessment_id: UUID) -> ImpactAssessment:
    """Return an assessment, or 404."""
    rows = ImpactAssessment.objects.select_related("purpose", "written_by", "signed_by")
    return get_object_or_404(rows, pk=assessment_id)


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show every assessment and when it is looked at again."""
    page = {"rows": queries.listed(), "manages": manages(request)}
    return render(request, "consent/assessments/list.html", page)


@require_POST
@requires(MANAGE)
def begin(request: SignedInRequest, purpose_id: UUID) -> HttpResponseBase:
    """Begin the next version of a purpose's assessment."""
    purpose = get_object_or_404(ProcessingPurpose, pk=purpose_id)
    try:
        row = assessments.begin(purpose_id=purpose.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=purpose, by=request.user))
        return redirect("consent:purpose", purpose.pk)
    return redirect("consent:assessment_write", row.pk)


@require_safe
@requires(READ)
def assessment(request: SignedInRequest, assessment_id: UUID) -> HttpResponse:
    """Show one assessment."""
    return _page(request, found(assessment_id))


def _page(request: SignedInRequest, row: ImpactAssessment, *, status: int = 200) -> HttpResponse:
    page = queries.in_full(row) | {
        "manages": manages(request),
        "is_author": queries.is_author(row, request.user.pk),
        "sign": forms.Sign(initial={"version": row.version}),
    }
    return render(request, "consent/assessments/assessment.html", page, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def write(request: SignedInRequest, assessment_id: UUID) -> HttpResponseBase:
    """Write a draft."""
    row = found(assessment_id)
    if row.signed_at is not None:
        return redirect("consent:assessment", row.pk)
    data = request.POST if request.method == "POST" else None
    form = forms.Assessment(data, initial=forms.initial_of(row))
    lines = forms.risks(data, _lines(row))
    if data is not None and form.is_valid() and lines.is_valid():
        try:
            assessments.write(assessment_id=row.pk, by=request.user, **_asked(form, lines))
        except assessments.Conflict as conflict:
            return _conflict(request, conflict.row, form, lines)
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, obj=row, by=request.user))
        else:
            messages.success(request, _("Saved."))
            return redirect("consent:assessment", row.pk)
    is_wrong = data is not None and bool(form.errors or not lines.is_valid())
    page = {"form": form, "risks": lines, "row": row}
    return render(request, FORM, page, status=422 if is_wrong else 200)


def _lines(row: ImpactAssessment) -> list[dict[str, Any]]:
    return [
        {name: getattr(risk, name) for name in assessments.RISK} for risk in queries.risks_of(row)
    ]


def _asked(form: forms.Assessment, lines: Any) -> dict[str, Any]:
    version = form.cleaned_data["version"]
    return {"version": version, "content": form.content(), "risks": forms.said(lines)}


def _conflict(
    request: SignedInRequest, row: ImpactAssessment, form: forms.Assessment, lines: Any
) -> HttpResponse:
    """Show what is stored now beside what was typed; saving again writes over the former."""
    sent = cast(QueryDict, form.data).copy()
    sent["version"] = str(row.version)
    form.data = sent
    stored = forms.initial_of(row)
    differences = [
        {"label": field.label, "stored": stored.get(field.name) or "–", "mine": mine or "–"}
        for field in form.answers()
        if (mine := form.cleaned_data.get(field.name, "")) != (stored.get(field.name) or "")
    ]
    page = {"form": form, "risks": lines, "row": row, "differences": differences}
    return render(request, FORM, page, status=409)


@require_POST
@requires(MANAGE, step_up=True)
def sign(request: SignedInRequest, assessment_id: UUID) -> HttpResponseBase:
    """Sign an assessment off as a second person."""
    row, form = found(assessment_id), forms.Sign(request.POST)
    if not form.is_valid():
        return _page(request, row, status=422)
    try:
        assessments.sign(assessment_id=row.pk, by=request.user, **form.cleaned_data)
    except assessments.Conflict:
        messages.error(request, _("Somebody wrote on it meanwhile. Read it again before you sign."))
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    else:
        messages.success(request, _("Signed off. It never changes from now on."))
    return redirect("consent:assessment", row.pk)


@require_safe
@requires(READ)
def pdf(request: SignedInRequest, assessment_id: UUID, language: str) -> HttpResponse:
    """Give an assessment out as PDF in a language."""
    row = found(assessment_id)
    if language not in LANGUAGES:
        raise Http404
    try:
        with translation.override(LANGUAGES[language]):
            written = printing.pdf("assessment", queries.paper(row))
    except printing.NotPrintable:
        return render(request, "503.html", status=503)
    assessments.give_out(row=row, language=language, size=len(written), by=request.user)
    name = f"impact-assessment-{row.purpose.key}-{row.number}-{language}.pdf"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return HttpResponse(written, content_type="application/pdf", headers=headers)
