"""Outgoing messages: how many wait, what failed and why; sending again and giving up."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.delivery import desk
from security.models import User
from security.services import deliveries

READ, MANAGE = Permission.ADMINISTRATION_READ, Permission.ADMINISTRATION_MANAGE
# Those who keep in touch with patients watch what goes to patients.
READ_OURS, MANAGE_OURS = Permission.CAMPAIGNS_READ, Permission.CAMPAIGNS_WRITE


def _has(user: User, permission: Permission) -> bool:
    return reach_of_user(user, permission) is not Reach.NONE


@require_safe
@requires(READ, READ_OURS)
def index(request: SignedInRequest) -> HttpResponse:
    """Show the messages in one state, the newest first."""
    of_patients = not _has(request.user, READ)
    show, after = request.GET.get("show", ""), request.GET.get("after", "")
    figures = desk.figures(of_patients=of_patients)
    if not show:
        show = "failed" if figures["failed"] else "waiting"
    page = desk.page(of_patients=of_patients, show=show, after=after)
    manages = _has(request.user, MANAGE) or (of_patients and _has(request.user, MANAGE_OURS))
    return render(
        request, "security/deliveries.html", page | {"figures": figures, "manages": manages}
    )


@require_POST
@requires(MANAGE, MANAGE_OURS)
def retry(request: SignedInRequest, message_id: UUID) -> HttpResponseBase:
    """Send one message again."""
    of_patients = not _has(request.user, MANAGE)
    try:
        deliveries.retry(message_id=message_id, of_patients=of_patients, by=request.user)
    except deliveries.NothingToDo as refusal:
        messages.warning(request, str(refusal.reason))
    else:
        messages.success(request, _("It is sent again within a minute."))
    return redirect("security:deliveries")


@require_POST
@requires(MANAGE, MANAGE_OURS)
def retry_all(request: SignedInRequest) -> HttpResponseBase:
    """Send again everything that failed."""
    count = deliveries.retry_all(of_patients=not _has(request.user, MANAGE), by=request.user)
    said = ngettext("%(n)d message is sent again.", "%(n)d messages are sent again.", count)
    messages.success(request, said % {"n": count})
    return redirect("security:deliveries")


@require_POST
@requires(MANAGE, MANAGE_OURS)
def stop(request: SignedInRequest, message_id: UUID) -> HttpResponseBase:
    """Give one message up."""
    of_patients = not _has(request.user, MANAGE)
    try:
        deliveries.stop(message_id=message_id, of_patients=of_patients, by=request.user)
    except deliveries.NothingToDo as refusal:
        messages.warning(request, str(refusal.reason))
    else:
        messages.success(request, _("It is not sent any more."))
    return redirect("security:deliveries")
