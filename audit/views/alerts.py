"""Alerts: the list, one alert that explains itself, and what officers do with it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.forms.alerts import Assign, Close, Narrowed, Remember
from audit.models import Alert, Companion
from audit.queries import alerts as queries
from audit.queries import staff
from audit.services import alerts as deeds
from audit.services import companions
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission
from security.models import User

READ, MANAGE = Permission.INCIDENTS_READ, Permission.INCIDENTS_MANAGE


@require_safe
@requires(READ)
def alerts(request: SignedInRequest) -> HttpResponse:
    """List alerts by state, rule, response and who looks after them."""
    given = request.GET.copy()
    after = given.pop("after", [""])[-1]
    form = Narrowed(given or {"state": "open", "response": "loud"})
    found = queries.page(request.user, form.filters(), after=_uuid(after))
    given["after"] = found["next"]
    page = {
        "form": form,
        "rows": found["rows"],
        "next_url": f"?{given.urlencode()}" if found["next"] else None,
    }
    return render(request, "audit/alerts/list.html", page)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_safe
@requires(READ)
def alert(request: SignedInRequest, alert_id: UUID) -> HttpResponse:
    """Show an alert: the rule in words, the events it rests on, and what became of it."""
    return _page(request, _row(request, alert_id))


def _row(request: SignedInRequest, alert_id: UUID) -> Alert:
    return get_object_or_404(queries.visible(request.user), pk=alert_id)


def _page(request: SignedInRequest, row: Alert, *, status: int = 200, **forms: Any) -> HttpResponse:
    manages = reach_of_user(request.user, MANAGE) is not Reach.NONE
    page: dict[str, Any] = {"alert": queries.one(request.user, row), "manages": manages}
    if manages and not row.verdict:
        page |= {
            "assigning": Assign(people=_officers(row), initial={"colleague": row.assigned_to_id}),
            "closing": Close(),
            "remembering": Remember(others=_others(row)) if row.actor_id else None,
        } | forms  # fmt: skip
    return render(request, "audit/alerts/alert.html", page, status=status)


def _officers(row: Alert) -> list[tuple[str, str]]:
    """Return who may look at an alert: never the person it is about."""
    return [(pk, name) for pk, name in staff.who_may(MANAGE) if pk != str(row.actor_id)]


def _others(row: Alert) -> list[tuple[str, Any]]:
    """Return the patients of an alert by pseudonym, then the colleagues, as who may work with its person."""
    patients = [
        (f"{Companion.Kind.PATIENT}:{one}", _("Patient … %(id)s") % {"id": queries.pseudonym(one)})
        for one in row.subjects[: queries.SHOWN_EVENTS]
    ]
    people = [
        (f"{Companion.Kind.COLLEAGUE}:{pk}", name)
        for pk, name in staff.everybody()
        if pk != str(row.actor_id)
    ]
    return [*patients, *people]


@require_POST
@requires(MANAGE)
def assign(request: SignedInRequest, alert_id: UUID) -> HttpResponseBase:
    """Give an alert to an officer."""
    row = _row(request, alert_id)
    form = Assign(request.POST, people=_officers(row))
    if form.is_valid():
        try:
            officer = User.objects.get(pk=form.cleaned_data["colleague"])
            deeds.assign(alert_id=row.pk, to=officer, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The alert was assigned."))
            return redirect("audit:alert", alert_id=row.pk)
    return _page(request, row, status=422, assigning=form)


@require_POST
@requires(MANAGE)
def close(request: SignedInRequest, alert_id: UUID) -> HttpResponseBase:
    """Close an alert with a verdict."""
    row = _row(request, alert_id)
    form = Close(request.POST)
    if form.is_valid():
        try:
            deeds.close(alert_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The alert was closed."))
            return redirect("audit:alert", alert_id=row.pk)
    return _page(request, row, status=422, closing=form)


@require_POST
@requires(MANAGE)
def remember(request: SignedInRequest, alert_id: UUID) -> HttpResponseBase:
    """Remember that the person of an alert and somebody else work together."""
    row = _row(request, alert_id)
    form = Remember(request.POST, others=_others(row) if row.actor_id else ())
    if form.is_valid():
        try:
            _remember(row, form.cleaned_data, request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The pair is remembered."))
            return redirect("audit:alert", alert_id=row.pk)
    return _page(request, row, status=422, remembering=form)


def _remember(row: Alert, given: dict[str, Any], by: User) -> None:
    kind, _colon, other = given["other"].partition(":")
    end = timezone.make_aware(datetime.combine(given["until"], time.max))
    # The form has choices only where there is one.
    actor = cast(UUID, row.actor_id)
    companions.remember(
        actor_id=actor,
        other_id=UUID(other),
        kind=kind,
        until=end,
        reason=given["reason"],
        by=by,
    )
