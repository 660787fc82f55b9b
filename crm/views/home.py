"""Home: the patients that are open to this person, latest activity first."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.shell import patients_reach
from patients.queries import emergency, lists
from security.access.categories import Reach
from security.access.decision import reach_of_user, roles_of
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.access.roles import ROLES


@require_safe
@requires(Permission.ACCOUNT_MANAGE)
def home(request: SignedInRequest) -> HttpResponse:
    """Show the person's patients, and for reception who waits for a doctor."""
    assigns = reach_of_user(request.user, Permission.DEMOGRAPHICS_ASSIGN) is not Reach.NONE
    reads = patients_reach(request.user) is not Reach.NONE
    page = {
        "page": lists.recent(request.user, after=request.GET.get("after", "")) if reads else None,
        "glass": emergency.strip(request.user),
        "unassigned": lists.unassigned_card(request.user) if assigns else None,
        "sees": " ".join(str(ROLES[key].sentence) for key in roles_of(request.user))
        or _("No role yet."),
    }
    return render(request, "crm/home.html", page)
