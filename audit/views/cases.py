"""Cases: the list, opening one, its page, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.forms import cases as forms
from audit.forms.reviews import Officer
from audit.models import Alert, Case, Review
from audit.queries import cases as queries
from audit.queries.reviews import manages
from audit.services import cases
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, MANAGE = Permission.INCIDENTS_READ, Permission.INCIDENTS_MANAGE


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """List the open cases, or the closed ones."""
    is_closed = request.GET.get("show") == "closed"
    page = queries.page(request.user, is_closed=is_closed, after=request.GET.get("after", ""))
    if page["next"]:
        page["next_url"] = f"?{'show=closed&' if is_closed else ''}after={page['next']}"
    page["manages"] = manages(request.user)
    return render(request, "audit/cases.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE, step_up=True)
def new(request: SignedInRequest) -> HttpResponseBase:
    """Open a case; from a review, an alert or a chart its patient is named already."""
    start = {name: request.GET.get(name, "") for name in ("kind", "review", "alert", "patients")}
    form = forms.Open(
        request.POST if request.method == "POST" else None,
        initial={**start, "officer": request.user.pk},
    )
    if form.is_valid():
        try:
            row = cases.open_case(
                asked=_asked(form), to=form.cleaned_data["officer"], by=request.user
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The case is open. Its officer reads the named patients."))
            return redirect("audit:case", row.pk)
    return render(request, "audit/case_new.html", {"form": form}, status=_status(form))


def _asked(form: forms.Open) -> cases.Asked:
    said = form.cleaned_data
    for model, name in ((Review, "review"), (Alert, "alert")):
        if said[name] and not model.objects.filter(pk=said[name]).exists():
            raise cases.NothingAsked(_("Say which review or alert the case came from."))
    return cases.Asked(
        said["kind"], said["question"], said["patients"], said["review"], said["alert"]
    )


def _status(form: Form) -> int:
    return 422 if form.errors else 200


def _found(request: SignedInRequest, case_id: UUID) -> Case:
    try:
        return queries.find(request.user, case_id)
    except Case.DoesNotExist:
        raise Http404 from None


@require_safe
@requires(READ)
def case(request: SignedInRequest, case_id: UUID) -> HttpResponse:
    """Show one case with its patients."""
    return _show(request, _found(request, case_id))


def _show(request: SignedInRequest, row: Case, wrong: Form | None = None) -> HttpResponse:
    page: dict[str, Any] = {
        "case": queries.in_full(request.user, row),
        "close": forms.Close(initial={"version": row.version}),
        "officer": Officer(initial={"officer": row.assigned_to_id}),
        "name": forms.Name(),
    }
    if wrong is not None:
        key = {forms.Close: "close", Officer: "officer", forms.Name: "name"}[type(wrong)]
        page[key] = wrong
    return render(request, "audit/case.html", page, status=422 if wrong else 200)


def _done(
    request: SignedInRequest, case_id: UUID, form: Form, deed: Callable[[Case, dict[str, Any]], Any]
) -> HttpResponseBase:
    """Do one deed with what a form says, then show the case again."""
    row = _found(request, case_id)
    if form.is_valid():
        try:
            deed(row, form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("audit:case", row.pk)
    return _show(request, row, form)


@require_POST
@requires(MANAGE)
def assign(request: SignedInRequest, case_id: UUID) -> HttpResponseBase:
    """Give a case to another officer."""

    def deed(row: Case, said: dict[str, Any]) -> None:
        cases.assign(case_id=row.pk, to=said["officer"], by=request.user)

    return _done(request, case_id, Officer(request.POST), deed)


@require_POST
@requires(MANAGE)
def name(request: SignedInRequest, case_id: UUID) -> HttpResponseBase:
    """Name one more patient."""

    def deed(row: Case, said: dict[str, Any]) -> None:
        cases.name_patient(case_id=row.pk, subject_id=said["subject"], by=request.user)

    return _done(request, case_id, forms.Name(request.POST), deed)


@require_POST
@requires(MANAGE)
def close(request: SignedInRequest, case_id: UUID) -> HttpResponseBase:
    """Close a case with its outcome."""

    def deed(row: Case, said: dict[str, Any]) -> None:
        cases.close(case_id=row.pk, by=request.user, **said)
        messages.success(request, _("The case is closed, and the access ended with it."))

    return _done(request, case_id, forms.Close(request.POST), deed)


@require_POST
@requires(MANAGE)
def ask_restricted(request: SignedInRequest, case_id: UUID, subject_id: UUID) -> HttpResponseBase:
    """Ask a second officer to agree to specially protected records."""
    row = _found(request, case_id)
    cases.ask_restricted(case_id=row.pk, subject_id=subject_id, by=request.user)
    messages.success(request, _("Asked. A second officer has to agree."))
    return redirect("audit:case", row.pk)


@require_POST
@requires(MANAGE, step_up=True)
def approve_restricted(
    request: SignedInRequest, case_id: UUID, subject_id: UUID
) -> HttpResponseBase:
    """Agree, as a second officer, to specially protected records."""
    row = _found(request, case_id)
    cases.approve_restricted(case_id=row.pk, subject_id=subject_id, by=request.user)
    messages.success(request, _("Agreed. The specially protected records are open in this case."))
    return redirect("audit:case", row.pk)
