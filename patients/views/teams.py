"""Care teams: who belongs to them, and handing patients over."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.forms.teams import Handover, NewMember, NewTeam
from patients.queries import colleagues, teams
from patients.queries.teams import CLINICIAN, Giver
from patients.services import handovers
from patients.views.chart import sent
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
from security.models import Membership, Unit, User
from security.services import units

MANAGE, ASK = Permission.ADMINISTRATION_MANAGE, Permission.CLINICAL_REQUEST
GIVE = (Permission.DEMOGRAPHICS_ASSIGN, Permission.CLINICAL_WRITE)


@require_safe
@requires(MANAGE, ASK)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show the care teams: all to whoever manages them, to a clinician the own."""
    return _teams(request)


def _teams(
    request: SignedInRequest, wrong: Any = None, team_id: UUID | None = None
) -> HttpResponse:
    manages = reach_of_user(request.user, MANAGE) is not Reach.NONE
    page: dict[str, Any] = {
        "teams": teams.all_teams(request.user, manages=manages),
        "manages": manages,
        "new_team": wrong if isinstance(wrong, NewTeam) else NewTeam(),
        "new_member": wrong if isinstance(wrong, NewMember) else None,
        "wrong_team": team_id,
    }
    if manages and page["new_member"] is None:
        page["new_member"] = NewMember(staff=colleagues.staff(), auto_id=False)
    return render(request, "patients/teams/list.html", page, status=422 if wrong else 200)


@require_POST
@requires(MANAGE)
def create(request: SignedInRequest) -> HttpResponseBase:
    """Make a care team."""
    form = NewTeam(request.POST)
    if form.is_valid():
        try:
            units.create(kind=Unit.Kind.TEAM, by=request.user, **form.cleaned_data)
        except units.NameTaken as refusal:
            form.add_error("name", str(refusal.reason))
        else:
            return redirect("patients:teams")
    return _teams(request, form)


@require_POST
@requires(MANAGE, step_up=True)
def join(request: SignedInRequest, team_id: UUID) -> HttpResponseBase:
    """Let a colleague belong to a team; the colleague reaches its patients from now on."""
    team = get_object_or_404(Unit, pk=team_id, kind=Unit.Kind.TEAM)
    form = NewMember(request.POST, staff=colleagues.staff(), auto_id=False)
    if form.is_valid():
        ends_at = _end_of(form.cleaned_data["ends_on"])
        user = get_object_or_404(User, pk=form.cleaned_data["colleague"])
        try:
            units.join(user=user, unit=team, ends_at=ends_at, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("patients:teams")
    return _teams(request, form, team_id)


def _end_of(last: date | None) -> datetime | None:
    """Return the instant at which a last day is over; the last day that there is means for good."""
    if last is None or last == date.max:
        return None
    return timezone.make_aware(datetime.combine(last, time()) + timedelta(days=1))


@require_POST
@requires(MANAGE, step_up=True)
def leave(request: SignedInRequest, membership_id: UUID) -> HttpResponseBase:
    """End a membership, and with it what it reached."""
    rows = Membership.objects.in_force().filter(unit__kind=Unit.Kind.TEAM)
    units.leave(membership=get_object_or_404(rows, pk=membership_id), by=request.user)
    messages.success(request, _("The colleague left the team."))
    return redirect("patients:teams")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*GIVE)
def handover(request: SignedInRequest) -> HttpResponseBase:
    """Hand patients over to a colleague or another team, after a preview."""
    givers = teams.givers(request.user) or [teams.oneself(request.user)]
    chosen = Giver.read(request.POST.get("giver") or request.GET.get("giver") or givers[0][0])
    if chosen is None or chosen.text not in {key for key, _name in givers}:
        raise Http404
    form = Handover(sent(request), takers=teams.takers(chosen))
    if form.is_valid():
        patients, is_fresh = form.cleaned_data["patients"], has_fresh_factor(request)
        if not is_fresh and handovers.needs_factor(patients, by=request.user):
            return send_to_step_up(request)
        try:
            count = _handed_over(request, chosen, form.cleaned_data)
        except (handovers.ChangedMeanwhile, handovers.NotThisOne) as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            said = ngettext("%(n)d patient handed over.", "%(n)d patients handed over.", count)
            messages.success(request, said % {"n": count})
            return redirect(f"{request.path}?giver={chosen.text}")
    return _preview(request, chosen, form, givers)


def _handed_over(request: SignedInRequest, giver: Giver, data: dict[str, Any]) -> int:
    taker = Giver.read(data["taker"])
    if taker is None or taker.kind != giver.kind:
        raise Http404
    who: Any = {"is_fresh": has_fresh_factor(request), "by": request.user}
    who["patient_ids"] = data["patients"]
    if giver.kind == CLINICIAN:
        giving, taking = User.objects.get(pk=giver.id), User.objects.get(pk=taker.id)
        return handovers.to_clinician(giver=giving, taker=taking, **who)
    from_team, to_team = Unit.objects.get(pk=giver.id), Unit.objects.get(pk=taker.id)
    return handovers.to_team(giver=from_team, taker=to_team, **who)


def _preview(
    request: SignedInRequest, giver: Giver, form: Handover, givers: list[tuple[str, str]]
) -> HttpResponse:
    ticked = frozenset(request.POST.getlist("patients")) if request.method == "POST" else None
    page = {
        "form": form,
        "givers": givers,
        "giver": giver.text,
        "page": teams.preview(request.user, giver, ticked),
    }
    status = 422 if form.errors else 200
    return render(request, "patients/teams/handover.html", page, status=status)
