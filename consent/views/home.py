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
        (Permission.RIGHTS_MANAGE,),
        "consent:erasures",
        "trash",
        _("Erasures"),
        _("Planned by one, approved by two others, certified, and done again after a restore."),
    ),
    Part(
        (Permission.RIGHTS_MANAGE,),
        "consent:retention_rules",
        "calendar-time",
        _("Retention"),
        _("How long records are kept and by which law, legal holds, and who is due."),
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
