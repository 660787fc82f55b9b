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
        (Permission.CONSENT_MANAGE, Permission.CONSENT_READ),
        "consent:forms",
        "file-text",
        _("Forms of consent"),
        _("What people are asked, in which words, and whether these say what the law wants."),
    ),
    Part(
        (Permission.CONSENT_WRITE,),
        "consent:renewals",
        "history",
        _("Consents that end soon"),
        _("Who may be asked to renew within 30 days."),
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
