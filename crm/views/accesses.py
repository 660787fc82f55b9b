"""My accesses: what the trail tells of the own reads and deeds about patients."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.services import searches
from crm.forms import Day
from patients.queries import accesses as queries
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission


@require_safe
@requires(Permission.TRAIL_READ)
def accesses(request: SignedInRequest) -> HttpResponse:
    """Show the own accesses to patients, the newest first."""
    form = Day(request.GET if "day" in request.GET else None)
    if form.is_bound and not form.is_valid():
        page: dict[str, Any] = {"form": form, "rows": [], "next_url": None}
        return render(request, "crm/accesses.html", page, status=422)
    searches.own_read(by=request.user)
    day = form.cleaned_data["day"] if form.is_bound else None
    found = queries.page(request.user, day=day, after=request.GET.get("after", ""))
    query = {"day": day.isoformat()} if day else {}
    next_url = f"?{urlencode(query | {'after': found['next']})}" if found["next"] else None
    page = {"form": form, "rows": found["rows"], "next_url": next_url, "day": day}
    return render(request, "crm/accesses.html", page)
