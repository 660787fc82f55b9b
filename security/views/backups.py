"""Backups: their history, and asking for one now."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from security import tasks
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.forms.paging import After
from security.models import Backup
from security.services import backups

READ, MANAGE = Permission.ADMINISTRATION_READ, Permission.ADMINISTRATION_MANAGE
SHOWN = 30


@require_safe
@requires(READ)
def index(request: SignedInRequest) -> HttpResponse:
    """Show the backups, the newest first, and how the next ones are made."""
    form = After(request.GET)
    rows = Backup.objects.select_related("requested_by").order_by("-id")
    if form.is_valid() and form.cleaned_data["after"]:
        rows = rows.filter(pk__lt=form.cleaned_data["after"])
    found = list(rows[: SHOWN + 1])
    page = {
        "rows": found[:SHOWN],
        "next_url": f"?after={found[SHOWN - 1].pk}" if len(found) > SHOWN else None,
        "last_good": Backup.objects.good().newest_first().first(),
        "is_set_up": bool(settings.BACKUP_DIR),
        "days": settings.BACKUP_DAYS,
        "keys_days": settings.BACKUP_KEYS_DAYS,
        "may_run": reach_of_user(request.user, MANAGE) is not Reach.NONE,
    }
    return render(request, "security/backups.html", page)


@require_safe
@requires(READ)
def progress(request: SignedInRequest, backup_id: UUID) -> HttpResponse:
    """Show how far a backup is, as one row of the list."""
    found = Backup.objects.select_related("requested_by").filter(pk=backup_id).first()
    if found is None:
        raise Http404
    response = render(request, "security/_backup.html", {"row": found})
    if found.is_over and request.headers.get("HX-Request"):
        # What stands above the list speaks of it as well.
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires(MANAGE, step_up=True)
def run(request: SignedInRequest) -> HttpResponseBase:
    """Ask for a backup now."""
    row = backups.request(by=request.user)
    try:
        tasks.make_backup.delay(str(row.pk))
        messages.success(request, _("The backup begins in a moment."))
    except OperationalError:
        # The hourly sweep takes up what waits.
        messages.info(request, _("The backup will be made as soon as the worker is back."))
    return redirect("security:backups")
