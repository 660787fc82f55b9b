"""Where engagement begins: the parts that somebody may work in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.models import User


@dataclass(frozen=True, slots=True)
class Part:
    """One part of engagement: who works in it, where it is, what it is for."""

    permissions: tuple[Permission, ...]
    url: str
    icon: str
    label: Promise
    sentence: Promise
    # How many things of this part wait for this person.
    waits: Callable[[User], int] | None = None


# Each part adds itself here.
PARTS: tuple[Part, ...] = (
    Part(
        (Permission.APPOINTMENTS_READ,),
        "engagement:day",
        "calendar",
        _("Appointments"),
        _("Who comes when: day and week, check-in, the waiting list, absences."),
    ),
    Part(
        (Permission.ADMINISTRATION_READ,),
        "engagement:planning",
        "calendar-time",
        _("Appointment set-up"),
        _("What is offered by appointment, by whom, where and when."),
    ),
)
WORKS_HERE = (
    Permission.APPOINTMENTS_READ,
    Permission.APPOINTMENTS_WRITE,
    Permission.MESSAGES_WRITE,
    Permission.CAMPAIGNS_READ,
    Permission.CAMPAIGNS_APPROVE,
    Permission.ADMINISTRATION_READ,
)


@require_safe
@requires(*WORKS_HERE)
def home(request: SignedInRequest) -> HttpResponse:
    """Show the parts that this person may work in."""
    parts = [
        {"part": part, "waits": part.waits(request.user) if part.waits else 0}
        for part in PARTS
        if any(reach_of_user(request.user, one) is not Reach.NONE for one in part.permissions)
    ]
    return render(request, "engagement/home.html", {"parts": parts})
