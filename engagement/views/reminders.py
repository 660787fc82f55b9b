"""Reminders: whom none reaches, and when each service reminds."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from engagement.forms.contact import Handled, Reminding
from engagement.models import Service
from engagement.queries import outreach
from engagement.services import reminders
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.delivery.desk import CHANNELS

READ, WRITE = Permission.APPOINTMENTS_READ, Permission.APPOINTMENTS_WRITE
SEES, SETS = Permission.ADMINISTRATION_READ, Permission.ADMINISTRATION_MANAGE


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """Show who has an appointment soon and gets no reminder, so that somebody calls."""
    page = outreach.calls(request.user, request.GET.get("after", ""))
    page["may_write"] = reach_of_user(request.user, WRITE) is not Reach.NONE
    return render(request, "engagement/reminders/list.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(WRITE)
def handle(request: SignedInRequest, reminder_id: UUID) -> HttpResponseBase:
    """Take down what was done instead of a reminder."""
    row = get_object_or_404(outreach.to_call(request.user), pk=reminder_id)
    form = Handled(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            reminders.settle_by_hand(reminder_id=row.pk, by=request.user, **form.cleaned_data)
        except reminders.DealtWith as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Taken down."))
            return redirect("engagement:reminders")
    page = {"form": form, "row": row}
    status = 422 if form.errors else 200
    return render(request, "engagement/reminders/handle.html", page, status=status)


@require_safe
@requires(SEES, READ)
def rules(request: SignedInRequest) -> HttpResponse:
    """Show when each service reminds, and by which ways."""
    services = Service.objects.active().order_by("name")
    rows = [
        {
            "service": one,
            "rules": [
                {"hours": rule.hours, "ways": [CHANNELS[way] for way in rule.channels]}
                for rule in reminders.rules_of(one)
            ],
        }
        for one in services
    ]
    sets = reach_of_user(request.user, SETS) is not Reach.NONE
    return render(request, "engagement/reminders/rules.html", {"rows": rows, "sets": sets})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(SETS)
def rule(request: SignedInRequest, service_id: UUID) -> HttpResponseBase:
    """Say when one service reminds."""
    row = get_object_or_404(Service, pk=service_id)
    start: dict[str, object] = {}
    for number, one in enumerate(reminders.rules_of(row)[: Reminding.TIMES], start=1):
        start |= {f"hours_{number}": one.hours, f"channels_{number}": list(one.channels)}
    form = Reminding(request.POST if request.method == "POST" else None, initial=start)
    if form.is_valid():
        reminders.set_rules(service_id=row.pk, rules=form.rules(), by=request.user)
        messages.success(request, _("Set. Appointments booked from now on are reminded so."))
        return redirect("engagement:reminder_rules")
    page = {"form": form, "row": row}
    status = 422 if form.errors else 200
    return render(request, "engagement/reminders/rule.html", page, status=status)
