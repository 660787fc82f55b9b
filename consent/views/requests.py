"""The rights desk: the queue, one request, and taking in a new one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consent.forms import requests as forms
from consent.models import RightsRequest
from consent.queries import calendar, letter_words, officers, repeats, request_page
from consent.queries import requests as queries
from consent.services import refusals, requests, scans
from consent.services.requests import Asked
from patients.forms.versioned import Versioned
from patients.queries.chart import banner
from patients.views.chart import chart_of, sent
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import (
    Refused,
    SignedInRequest,
    has_fresh_factor,
    requires,
    send_to_step_up,
)
from security.access.permissions import Permission
from security.classification import SubjectKind

READ, MANAGE, ASK = Permission.RIGHTS_READ, Permission.RIGHTS_MANAGE, Permission.RIGHTS_REQUEST
Kind = RightsRequest.Kind


@require_safe
@requires(READ)
def desk(request: SignedInRequest) -> HttpResponse:
    """Show the queue, what is due first in front."""
    show = request.GET.get("show", "open")
    show = show if show in queries.SHOWS else "open"
    form = forms.Narrowed(request.GET)
    kind = form.cleaned_data["kind"] if form.is_valid() else ""
    found = queries.page(request.user, show=show, kind=kind, after=request.GET.get("after", ""))
    page: dict[str, Any] = {"rows": found["rows"], "show": show, "form": form, "kind": kind}
    if found["next"]:
        page["next_url"] = f"?show={show}&kind={kind}&after={found['next']}"
    page["counts"] = queries.counts(request.user)
    page["manages"] = officers.may_work(request.user)
    return render(request, "consent/requests/desk.html", page)


def found(request: SignedInRequest, rights_id: UUID) -> RightsRequest:
    """Return a request that the person may see; what is hidden does not exist."""
    try:
        return queries.find(request.user, rights_id)
    except RightsRequest.DoesNotExist:
        raise Http404 from None


def barrier(request: SignedInRequest, row: RightsRequest) -> HttpResponseBase | None:
    """Answer for who may not read about this patient now, or has to give a fresh factor first."""
    made = queries.decision(request.user, row)
    if made is None or made.allowed or (made.step_up and has_fresh_factor(request)):
        return None
    if made.step_up:
        return send_to_step_up(request)
    raise Refused(made.reason)


@require_safe
@requires(READ)
def one(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Show one request: its clocks, what to do next, who did what."""
    row = found(request, rights_id)
    return barrier(request, row) or shown(request, row)


def shown(
    request: SignedInRequest, row: RightsRequest, key: str = "", wrong: Form | None = None
) -> HttpResponse:
    """Show a request with its forms; the one that was refused says why."""
    manages = officers.may_work(request.user)
    page: dict[str, Any] = {"one": request_page.of(request.user, row), "manages": manages}
    page["scan"] = forms.Scan()
    if manages and row.closed_at is None:
        page |= _forms(row)
    if wrong is not None:
        page |= {key: wrong, "opened": key, "wrong": wrong}
    return render(request, "consent/requests/request.html", page, status=422 if wrong else 200)


def _forms(row: RightsRequest) -> dict[str, Form]:
    start = {"version": row.version}
    made: dict[str, Form] = {
        "officer": forms.Officer(initial=start | {"officer": row.assigned_to_id}),
        "identity": forms.Identity(initial=start),
        "answer": forms.Close(initial=start | {"words": _words(row)}, row=row),
        "take_back": forms.Reasoned(initial=start, prefix="take_back"),
        "extension": forms.Reasoned(initial=start, prefix="extension"),
        "case": forms.OpenCase(initial=start),
    }
    if row.kind == Kind.CLOSURE and row.patient_id:
        made["accounts"] = Versioned(initial=start)
    if repeats.may_charge(row) and not row.is_charged:
        made["charge"] = forms.Charge(initial=start)
    if row.kind == Kind.ACCOUNTING:
        made["suspension"] = forms.Suspend(initial=start, known=request_page.withheld_from(row))
    if row.kind in (Kind.RESTRICTION, Kind.OBJECTION) and row.patient_id:
        made["restriction"] = forms.Restrict(initial=start)
    return made


def _words(row: RightsRequest) -> str:
    """Return what the answer begins with: the rules, where they are asked for."""
    return letter_words.explanation(row) if row.kind == Kind.EXPLANATION else ""


@require_safe
@requires(READ, ASK, of="patient_id")
def of_patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show the requests about one patient: as a page, or as the part of one that asked for it."""
    chart = chart_of(request, patient_id)
    page = {
        "rows": queries.of_patient(request.user, patient_id),
        "patient_id": patient_id,
        "may_ask": chart.may(ASK, MANAGE),
        "may_read": chart.may(READ),
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "consent/requests/_of_patient.html", page)
    page |= {"banner": banner(chart), "back_url": chart.url("access")}
    return render(request, "consent/requests/of_patient.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(ASK, MANAGE, of="patient_id")
def new(request: SignedInRequest, patient_id: UUID) -> HttpResponseBase:
    """Take in a request about a patient."""
    chart = chart_of(request, patient_id)
    start = {"received_on": calendar.today()}
    form = forms.Receive(sent(request), request.FILES or None, initial=start)
    if form.is_valid() and (row := _received(request, form, patient_id, SubjectKind.PATIENT)):
        if chart.may(READ):
            return redirect("consent:request", row.pk)
        return redirect("consent:requests_of", patient_id)
    page = {"form": form, "banner": banner(chart), "patient_id": patient_id}
    status = 422 if form.errors else 200
    return render(request, "consent/requests/new.html", page, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def new_of_colleague(request: SignedInRequest) -> HttpResponseBase:
    """Take in a request of a colleague about the own data."""
    start = {"received_on": calendar.today()}
    form = forms.OfColleague(
        sent(request), request.FILES or None, initial=start, people=officers.colleagues()
    )
    if form.is_valid():
        subject = UUID(form.cleaned_data["colleague"])
        if row := _received(request, form, subject, SubjectKind.USER):
            seen = reach_of_user(request.user, READ) is Reach.ALL and subject != request.user.pk
            return redirect("consent:request", row.pk) if seen else redirect("consent:requests")
    status = 422 if form.errors else 200
    return render(request, "consent/requests/new.html", {"form": form}, status=status)


def _received(
    request: SignedInRequest, form: forms.Receive, subject_id: UUID, subject_of: SubjectKind
) -> RightsRequest | None:
    said = form.cleaned_data
    names = ("kind", "way", "asked", "capacity", "asker", "address", "language")
    asked = Asked(received_at=form.received_at(), **{name: said[name] for name in names})
    try:
        row = requests.receive(
            asked=asked, subject_id=subject_id, subject_of=subject_of, by=request.user
        )
    except Refused as refusal:
        form.add_error(None, refusals.note(refusal, subjects=[subject_id], by=request.user))
        return None
    messages.success(request, _("The request is noted as %(number)s.") % {"number": row.number})
    _keep_scan(request, row, form)
    return row


def _keep_scan(request: SignedInRequest, row: RightsRequest, form: forms.Receive) -> None:
    """Keep the scan of what came in; a request is noted even where its scan is not taken."""
    if (incoming := form.incoming()) is None:
        return
    try:
        scans.attach(request_id=row.pk, incoming=incoming, by=request.user)
    except Refused as refusal:
        not_taken = _("The scan was not taken.")
        messages.error(request, f"{not_taken} {refusal.reason}")
