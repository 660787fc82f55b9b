"""The register of rules with their precision, how they are set, and the pairs that are remembered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.forms.alerts import Setting
from audit.models import Companion
from audit.queries import watch_rules as queries
from audit.services import companions, watch_rules
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission
from security.monitoring import rules as registered

READ, MANAGE = Permission.INCIDENTS_READ, Permission.INCIDENTS_MANAGE


@require_safe
@requires(READ)
def rules(request: SignedInRequest) -> HttpResponse:
    """Show every rule: its words, how it is set, what it raised, how much of it held."""
    return _page(request)


def _page(request: SignedInRequest, *, status: int = 200, error: str = "") -> HttpResponse:
    page: dict[str, Any] = {
        "rows": queries.register(),
        "pairs": queries.pairs(),
        "manages": reach_of_user(request.user, MANAGE) is not Reach.NONE,
        "error": error,
    }
    return render(request, "audit/rules/list.html", page, status=status)


@require_POST
@requires(MANAGE, step_up=True)
def change(request: SignedInRequest, rule_key: str) -> HttpResponseBase:
    """Set a rule: on or off, and its threshold."""
    if rule_key not in registered:
        raise Http404
    form = Setting(request.POST)
    if not form.is_valid():
        return _page(request, status=422, error=_("A threshold is a number above zero."))
    try:
        watch_rules.change(key=rule_key, by=request.user, **form.cleaned_data)
    except Refused as refusal:
        return _page(request, status=422, error=str(refusal.reason))
    messages.success(request, _("Rule %(key)s was set.") % {"key": rule_key})
    return redirect("audit:rules")


@require_POST
@requires(MANAGE)
def end_pair(request: SignedInRequest, companion_id: UUID) -> HttpResponseBase:
    """End a pair that is remembered."""
    row = get_object_or_404(Companion, pk=companion_id)
    try:
        companions.end(companion_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    else:
        messages.success(request, _("The pair was ended."))
    return redirect("audit:rules")
