"""The calendar: a day of everybody, a week of one, and the check-in board of today."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from engagement.queries import agenda, board
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission

READ, WRITE = Permission.APPOINTMENTS_READ, Permission.APPOINTMENTS_WRITE


def _asked(request: SignedInRequest) -> UUID | None:
    """Return whose calendar is asked for; who gives appointments sees the own first."""
    said = request.GET.get("clinician")
    if said is None and reach_of_user(request.user, READ) is Reach.TEAM:
        known = {user_id for user_id, _name in agenda.people()}
        return request.user.pk if request.user.pk in known else None
    return agenda.read_id(said or "")


@require_safe
@requires(READ)
def day(request: SignedInRequest) -> HttpResponse:
    """Show one day: what is booked, what is free."""
    at = agenda.read_day(request.GET.get("day", ""))
    page = agenda.day_page(request.user, at, _asked(request))
    page |= {"view": "day", "may_plan": agenda.may_plan(request.user)}
    return render(request, "engagement/calendar/calendar.html", page)


@require_safe
@requires(READ)
def week(request: SignedInRequest) -> HttpResponse:
    """Show the week of one person."""
    at = agenda.read_day(request.GET.get("day", ""))
    page = agenda.week_page(request.user, at, _asked(request))
    page |= {"view": "week", "may_plan": agenda.may_plan(request.user)}
    return render(request, "engagement/calendar/calendar.html", page)


@require_safe
@requires(READ)
def today(request: SignedInRequest) -> HttpResponse:
    """Show who is expected, who waits and who is with whom."""
    page = board.page(request.user, _asked(request))
    page |= {"view": "board", "may_plan": agenda.may_plan(request.user)}
    return render(request, "engagement/calendar/board.html", page)
