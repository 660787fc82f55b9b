"""The cross-border register: recipients, counters, and what officers change."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.forms import transfers as forms
from consent.models import OverseasRecipient
from consent.queries import transfers as queries
from consent.services import overseas, refusals
from consent.views.purposes import MANAGE, READ, manages
from security.access.gate import Refused, SignedInRequest, requires

FORM = "consent/transfers/form.html"


@require_safe
@requires(READ)
def register(request: SignedInRequest) -> HttpResponse:
    """Show who receives data abroad and how many people's went."""
    page = queries.register() | {"manages": manages(request)}
    return render(request, "consent/transfers/list.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def add(request: SignedInRequest) -> HttpResponseBase:
    """Enter a recipient abroad."""
    form = forms.Entry(request.POST if request.method == "POST" else None)
    if form.is_valid():
        key = form.cleaned_data["key"]
        try:
            overseas.add(key=key, content=form.content(), by=request.user)
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, by=request.user))
        else:
            messages.success(request, _("The recipient is in the register."))
            return redirect("consent:transfers")
    return render(request, FORM, {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def change(request: SignedInRequest, overseas_id: UUID) -> HttpResponseBase:
    """Change a recipient abroad."""
    row = get_object_or_404(OverseasRecipient, pk=overseas_id)
    data = request.POST if request.method == "POST" else None
    form = forms.Recipient(data, initial=forms.initial_of(row))
    if form.is_valid():
        version, content = form.cleaned_data["version"] or 0, form.content()
        try:
            overseas.change(recipient_id=row.pk, version=version, content=content, by=request.user)
        except overseas.Conflict as conflict:
            return _conflict(request, conflict.row, form)
        except Refused as refusal:
            form.add_error(None, refusals.note(refusal, obj=row, by=request.user))
        else:
            messages.success(request, _("The recipient is changed."))
            return redirect("consent:transfers")
    return render(request, FORM, {"form": form, "row": row}, status=422 if form.errors else 200)


def _conflict(
    request: SignedInRequest, row: OverseasRecipient, form: forms.Recipient
) -> HttpResponse:
    """Show what is stored now beside what was typed; saving again writes over the former."""
    mine, stored = form.content(), forms.initial_of(row)
    sent = cast(QueryDict, form.data).copy()
    sent["version"] = str(row.version)
    form.data = sent
    found = [
        {
            "label": form.fields[name].label,
            "stored": forms.shown(name, stored),
            "mine": forms.shown(name, mine),
        }
        for name in mine
        if forms.shown(name, stored) != forms.shown(name, mine)
    ]
    return render(request, FORM, {"form": form, "row": row, "differences": found}, status=409)


@require_POST
@requires(MANAGE)
def end(request: SignedInRequest, overseas_id: UUID) -> HttpResponseBase:
    """End a recipient abroad."""
    row = get_object_or_404(OverseasRecipient, pk=overseas_id)
    try:
        overseas.end(recipient_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusals.note(refusal, obj=row, by=request.user))
    else:
        messages.success(request, _("Ended. Nothing goes there any more."))
    return redirect("consent:transfers")
