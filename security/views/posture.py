"""The posture: what each check says now, since when, and what it said before."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.forms.paging import After
from security.models import Evidence
from security.posture import Check, checks
from security.services import posture as deeds

READ = (Permission.ADMINISTRATION_READ, Permission.INCIDENTS_READ)
RUN = (Permission.ADMINISTRATION_MANAGE, Permission.INCIDENTS_MANAGE)
SHOWN = 30


@require_safe
@requires(*READ)
def index(request: SignedInRequest) -> HttpResponse:
    """Show the newest result of every check, what is not in order first."""
    newest = {row.check_key: row for row in Evidence.objects.newest()}
    found = [_shown(check, newest[check.key]) for check in checks() if check.key in newest]
    order = [str(one) for one in ("bad", "warn", "unknown", "good")]
    page = {
        "found": sorted(found, key=lambda one: order.index(one["row"].outcome)),
        "checked_at": max((row.checked_at for row in newest.values()), default=None),
        "in_order": sum(one["row"].outcome == Evidence.Outcome.GOOD for one in found),
        "may_run": any(reach_of_user(request.user, one) is not Reach.NONE for one in RUN),
    }
    return render(request, "security/posture.html", page)


@require_safe
@requires(*READ)
def history(request: SignedInRequest, check: str) -> HttpResponse:
    """Show what one check said, the newest first."""
    known = next((one for one in checks() if one.key == check), None)
    if known is None:
        raise Http404
    form, rows = After(request.GET), Evidence.objects.of(known.key)
    if form.is_valid() and form.cleaned_data["after"]:
        rows = rows.filter(pk__lt=form.cleaned_data["after"])
    found = list(rows[: SHOWN + 1])
    page = {
        "check": known,
        "found": [_shown(known, row) for row in found[:SHOWN]],
        "next_url": f"?after={found[SHOWN - 1].pk}" if len(found) > SHOWN else None,
    }
    return render(request, "security/posture_check.html", page)


@require_POST
@requires(*RUN)
def run(request: SignedInRequest) -> HttpResponseBase:
    """Ask every check now."""
    deeds.collect(by=request.user)
    messages.success(request, _("Checked."))
    return redirect("security:posture")


def _shown(check: Check, row: Evidence) -> dict[str, Any]:
    notes = [
        {"text": check.sentence(note), "is_good": note["outcome"] == Evidence.Outcome.GOOD}
        for note in row.notes
    ]
    return {"check": check, "row": row, "notes": notes}
