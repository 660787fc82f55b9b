"""Erasures: planned by one officer, approved by two others, watched, certified."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from consent import printing, tasks
from consent.forms import erasures as forms
from consent.models import Erasure
from consent.queries import erasure_pages as pages
from consent.services import certificates, erasures, refusals
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

# Who runs the system sees no patient here, and may be the second or third who agrees.
MANAGE, AGREE = Permission.RIGHTS_MANAGE, Permission.ADMINISTRATION_MANAGE
LANGUAGES = {"en": "en", "zh": "zh-hans"}


@require_safe
@requires(MANAGE, AGREE)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show what waits for a plan, and every erasure."""
    return _list(request, forms.Subject())


def manages(request: SignedInRequest) -> bool:
    """Tell whether somebody plans erasures, and does not only agree to them."""
    return reach_of_user(request.user, MANAGE) is not Reach.NONE


def _list(request: SignedInRequest, form: forms.Subject, *, status: int = 200) -> HttpResponse:
    page = {"form": form, "rows": pages.listed(), "requests": pages.waiting_requests()}
    page["manages"] = manages(request)
    return render(request, "consent/erasures/list.html", page, status=status)


@require_POST
@requires(MANAGE)
def plan(request: SignedInRequest) -> HttpResponseBase:
    """Work out what an erasure would do; nothing is erased by it."""
    form = forms.Subject(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    said = form.cleaned_data
    try:
        row = _planned(said, request)
    except Refused as refusal:
        form.add_error(None, refusals.note(refusal, subjects=[said["subject"]], by=request.user))
        return _list(request, form, status=422)
    return redirect("consent:erasure", row.pk)


def _planned(said: dict[str, Any], request: SignedInRequest) -> Erasure:
    if not said["is_patient"]:
        return erasures.plan_colleague(
            user_id=said["subject"],
            reason=said["reason"],
            request_id=said["request"],
            by=request.user,
        )
    asked = Erasure.Origin.REQUEST if said["request"] else Erasure.Origin.OWN
    return erasures.plan(
        patient_id=said["subject"], reason=said["reason"], origin=asked,
        request_id=said["request"], by=request.user,
    )  # fmt: skip


@require_safe
@requires(MANAGE, AGREE)
def erasure(request: SignedInRequest, erasure_id: UUID) -> HttpResponse:
    """Show one erasure: the plan, who agreed, how far it is, its certificate."""
    return _page(request, get_object_or_404(Erasure, pk=erasure_id))


def _page(
    request: SignedInRequest,
    row: Erasure,
    give_up: forms.GiveUp | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    page = pages.page(row, request.user) | {"give_up": give_up or forms.GiveUp()}
    page |= {"manages": manages(request), "may_give_up": erasures.may_give_up(row)}
    return render(request, "consent/erasures/erasure.html", page, status=status)


@require_safe
@requires(MANAGE, AGREE)
def progress(request: SignedInRequest, erasure_id: UUID) -> HttpResponse:
    """Show how far an erasure is, as a part of its page."""
    row = get_object_or_404(Erasure, pk=erasure_id)
    response = render(request, "consent/erasures/_progress.html", {"erasure": row})
    if row.state not in {Erasure.State.APPROVED, Erasure.State.RUNNING}:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires(MANAGE, AGREE, step_up=True)
def approve(request: SignedInRequest, erasure_id: UUID) -> HttpResponseBase:
    """Agree to the plan that was read; the last agreement begins the work."""
    row = get_object_or_404(Erasure, pk=erasure_id)
    form = forms.Approval(request.POST)
    if not form.is_valid():
        return _page(request, row, status=422)
    try:
        row = erasures.approve(erasure_id=row.pk, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, refused(request, row, refusal))
        return _page(request, row, status=409)
    start(request, row)
    return redirect("consent:erasure", row.pk)


def start(request: SignedInRequest, row: Erasure) -> None:
    """Let the worker begin at once where it may; its schedule finds the work in any case."""
    if row.state not in {Erasure.State.APPROVED, Erasure.State.RUNNING}:
        return
    try:
        tasks.work_on_erasures.delay()
    except OperationalError:
        messages.info(request, _("It will be done as soon as the worker is back."))


@require_POST
@requires(MANAGE)
def give_up(request: SignedInRequest, erasure_id: UUID) -> HttpResponseBase:
    """Give a plan up."""
    row = get_object_or_404(Erasure, pk=erasure_id)
    form = forms.GiveUp(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    return _done(request, erasures.give_up, erasure_id=row.pk, **form.cleaned_data)


@require_POST
@requires(MANAGE)
def stop(request: SignedInRequest, erasure_id: UUID) -> HttpResponseBase:
    """Ask the work to stop after the step it is at."""
    row = get_object_or_404(Erasure, pk=erasure_id)
    return _done(request, erasures.stop, erasure_id=row.pk)


@require_POST
@requires(MANAGE)
def resume(request: SignedInRequest, erasure_id: UUID) -> HttpResponseBase:
    """Let the work go on."""
    row = get_object_or_404(Erasure, pk=erasure_id)
    return _done(request, erasures.resume, erasure_id=row.pk)


def refused(request: SignedInRequest, row: Erasure, refusal: Refused) -> str:
    """Record who was refused what of an erasure; return the sentence."""
    subjects = [UUID(one) for one in row.plan["subjects"]]
    return refusals.note(refusal, subjects=subjects, obj=row, by=request.user)


def _done(request: SignedInRequest, deed: Any, **said: Any) -> HttpResponseBase:
    try:
        row = deed(by=request.user, **said)
    except Refused as refusal:
        row = Erasure.objects.get(pk=said["erasure_id"])
        messages.error(request, refused(request, row, refusal))
    else:
        start(request, row)
    return redirect("consent:erasure", said["erasure_id"])


@require_safe
@requires(MANAGE)
def certificate(request: SignedInRequest, erasure_id: UUID, paper: str) -> HttpResponse:
    """Give a certificate of destruction out: as signed JSON, or as PDF in a language."""
    row = get_object_or_404(Erasure.objects.exclude(certificate=None), pk=erasure_id)
    if paper == "json":
        written, kind = json.dumps(row.certificate, indent=1).encode(), "application/json"
    elif paper in LANGUAGES:
        try:
            with translation.override(LANGUAGES[paper]):
                written = printing.pdf("certificate", pages.paper(row.certificate or {}, paper))
        except printing.NotPrintable:
            return render(request, "503.html", status=503)
        kind = "application/pdf"
    else:
        raise Http404
    certificates.give_out(erasure=row, form=paper, by=request.user)
    name = f"{row.number}-{paper}.{'json' if paper == 'json' else 'pdf'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(written, content_type=kind, headers=headers)
