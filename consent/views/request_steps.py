"""The steps on one request: each is one deed, then the request is shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consent.forms import requests as forms
from consent.queries import request_page
from consent.services import refusals, request_steps, requests
from consent.services.requests import Answer
from consent.views.requests import barrier, found, shown
from patients.forms.versioned import Versioned
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

MANAGE = Permission.RIGHTS_MANAGE


def _done(
    request: SignedInRequest,
    rights_id: UUID,
    key: str,
    form: Form,
    deed: Callable[[dict[str, Any]], Any],
) -> HttpResponseBase:
    """Do one deed with what a form says, then show the request again."""
    row = found(request, rights_id)
    if (barred := barrier(request, row)) is not None:
        return barred
    if form.is_valid():
        said = {"request_id": row.pk, "by": request.user, **form.cleaned_data}
        try:
            deed(said)
        except Refused as refusal:
            why = refusals.note(refusal, subjects=[row.subject_id], obj=row, by=request.user)
            form.add_error(None, why)
        else:
            return redirect("consent:request", row.pk)
    return shown(request, row, key, form)


@require_POST
@requires(MANAGE)
def assign(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Give the request to an officer."""

    def deed(said: dict[str, Any]) -> None:
        requests.assign(to=said.pop("officer"), **said)

    return _done(request, rights_id, "officer", forms.Officer(request.POST), deed)


@require_POST
@requires(MANAGE)
def identity(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Note how it was shown who asks."""

    def deed(said: dict[str, Any]) -> None:
        try:
            requests.prove_identity(**said)
        except requests.NotEntitled:
            requests.note_refused(request_id=rights_id, by=request.user)
            raise
        messages.success(request, _("It is noted who asks."))

    return _done(request, rights_id, "identity", forms.Identity(request.POST), deed)


@require_POST
@requires(MANAGE)
def ask_identity(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Write the letter that asks who it is."""

    def deed(said: dict[str, Any]) -> None:
        requests.ask_identity(**said)
        messages.success(request, _("The letter that asks for it is ready below."))

    return _done(request, rights_id, "asking", Versioned(request.POST), deed)


@require_POST
@requires(MANAGE)
def extend(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Extend the time once, with a letter."""

    def deed(said: dict[str, Any]) -> None:
        requests.extend(**said)
        messages.success(
            request, _("The time is extended. Send the letter within the first period.")
        )

    form = forms.Reasoned(request.POST, prefix="extension")
    return _done(request, rights_id, "extension", form, deed)


@require_POST
@requires(MANAGE)
def close(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Answer the request."""

    def deed(said: dict[str, Any]) -> None:
        names = ("state", "words", "refusal", "is_elsewhere")
        said["answer"] = Answer(*(said.pop(name) for name in names))
        requests.close(**said)
        messages.success(request, _("The request is answered. Its letter is ready below."))

    form = forms.Close(request.POST, row=found(request, rights_id))
    return _done(request, rights_id, "answer", form, deed)


@require_POST
@requires(MANAGE)
def withdraw(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Note that the request was taken back."""

    def deed(said: dict[str, Any]) -> None:
        requests.withdraw(**said)
        messages.success(request, _("The request is taken back."))

    form = forms.Reasoned(request.POST, prefix="take_back")
    return _done(request, rights_id, "take_back", form, deed)


@require_POST
@requires(MANAGE)
def join(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Close the request as one that repeats an earlier one."""

    def deed(said: dict[str, Any]) -> None:
        requests.join(earlier_id=said.pop("earlier"), **said)
        messages.success(request, _("The request is joined to the earlier one."))

    return _done(request, rights_id, "joining", forms.Join(request.POST), deed)


@require_POST
@requires(MANAGE)
def charge(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Charge for a request that was made again."""

    def deed(said: dict[str, Any]) -> None:
        request_steps.charge(**said)
        messages.success(request, _("The charge is noted. Say it in the letter."))

    return _done(request, rights_id, "charge", forms.Charge(request.POST), deed)


@require_POST
@requires(MANAGE)
def suspend(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Hold an authority's disclosures back from the accounting."""

    def deed(said: dict[str, Any]) -> None:
        request_steps.suspend(**said)
        messages.success(request, _("It is noted. What you chose is left out until then."))

    known = request_page.withheld_from(found(request, rights_id))
    form = forms.Suspend(request.POST, known=known)
    return _done(request, rights_id, "suspension", form, deed)


@require_POST
@requires(MANAGE, step_up=True)
def open_case(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Open a case on the patient of the request."""

    def deed(said: dict[str, Any]) -> None:
        request_steps.open_case(**said)
        messages.success(request, _("The case is open. Its officer reads the record."))

    return _done(request, rights_id, "case", forms.OpenCase(request.POST), deed)


@require_POST
@requires(MANAGE)
def restrict(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Carry out a restriction or an objection."""

    def deed(said: dict[str, Any]) -> None:
        request_steps.restrict(**said)
        messages.success(request, _("The use of the data is restricted from now on."))

    return _done(request, rights_id, "restriction", forms.Restrict(request.POST), deed)


@require_POST
@requires(MANAGE)
def close_accounts(request: SignedInRequest, rights_id: UUID) -> HttpResponseBase:
    """Close the accounts of the portal that open the person's data."""

    def deed(said: dict[str, Any]) -> None:
        request_steps.close_accounts(**said)
        messages.success(request, _("The accounts are closed."))

    return _done(request, rights_id, "accounts", Versioned(request.POST), deed)
