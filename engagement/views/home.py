"""Where engagement begins: the parts that somebody may work in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from engagement.queries import outreach
from engagement.services import letters
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
        "engagement:reminders",
        "bell",
        _("Reminders that reach nobody"),
        _("Who has an appointment soon and is to be called."),
        outreach.call_count,
    ),
    Part(
        (Permission.APPOINTMENTS_READ,),
        "engagement:replies",
        "message-circle",
        _("Answers to messages"),
        _("What people wrote back and no machine understands."),
        outreach.reply_count,
    ),
    Part(
        (Permission.APPOINTMENTS_READ, Permission.ADMINISTRATION_READ),
        "engagement:reminder_rules",
        "clock",
        _("When services remind"),
        _("How long before an appointment, and by which ways."),
    ),
    Part(
        (Permission.DEMOGRAPHICS_ASSIGN,),
        "engagement:letters",
        "printer",
        _("Letters for the post"),
        _("Print what goes by post, and say that it was posted."),
        lambda user: letters.waiting_count(),
    ),
    Part(
        (Permission.CAMPAIGNS_READ,),
        "security:deliveries",
        "send",
        _("Outgoing messages"),
        _("What left for patients, what waits, and what failed."),
    ),
)
WORKS_HERE = (
    Permission.APPOINTMENTS_READ,
    Permission.APPOINTMENTS_WRITE,
    Permission.MESSAGES_WRITE,
    Permission.CAMPAIGNS_READ,
    Permission.CAMPAIGNS_APPROVE,
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
