"""Where consent and rights begin: the parts that somebody may work in."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Part:
    """One part of consent and rights: who works in it, where it is, what it is for."""

    permissions: tuple[Permission, ...]
    url: str
    icon: str
    label: Promise
    sentence: Promise


PARTS: tuple[Part, ...] = (
    Part(
        (Permission.RIGHTS_READ,),
        "consent:requests",
        "inbox",
        _("Rights desk"),
        _("What people ask about their data, by when the law wants an answer, and what was done."),
    ),
    Part(
        (Permission.RIGHTS_READ,),
        "consent:calendar",
        "calendar",
        _("Calendar of working days"),
        _("Days off and days worked instead, from which deadlines are counted."),
    ),
)


@require_safe
@requires(Permission.CONSENT_READ, Permission.RIGHTS_READ)
def home(request: SignedInRequest) -> HttpResponse:
    """Show the parts that this person may work in."""
    parts = [
        part
        for part in PARTS
        if any(reach_of_user(request.user, one) is not Reach.NONE for one in part.permissions)
    ]
    return render(request, "consent/home.html", {"parts": parts})
