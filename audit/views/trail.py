"""The trail: looked through, one event in full, and a name behind a pseudonym."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from audit import persons
from audit.forms.trail import Search, Why
from audit.models import Event
from audit.queries import officers
from audit.queries import trail as queries
from audit.services import searches
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission

READ, READ_MASKED = Permission.TRAIL_READ, Permission.TRAIL_READ_MASKED


@require_safe
@requires(READ, READ_MASKED)
def trail(request: SignedInRequest) -> HttpResponse:
    """Show the events that were looked for, among those the person may see."""
    watches = queries.watches(request.user)
    form = Search(request.GET, people=officers.everybody() if watches else None)
    page: dict[str, Any] = {"form": form, "rows": [], "next_url": None, "watches": watches}
    if not form.is_valid():
        return render(request, "audit/trail.html", page, status=422)
    asked = form.cleaned_data
    found = queries.page(request.user, asked, after=request.GET.get("after", ""))
    about = [one for one in (asked.get("actor"), asked.get("subject")) if one]
    filters = [name for name, value in asked.items() if value]
    searches.searched(about=about, filters=filters, shown=len(found["rows"]), by=request.user)
    query = {name: request.GET[name] for name in filters}
    page |= {"rows": found["rows"], "filters": filters, "query": urlencode(query)}
    if found["next"]:
        page["next_url"] = f"?{urlencode(query | {'after': found['next']})}"
    return render(request, "audit/trail.html", page)


@require_safe
@requires(READ, READ_MASKED)
def event(request: SignedInRequest, event_id: UUID) -> HttpResponse:
    """Show one event with what of it is sealed."""
    try:
        row = queries.one(request.user, event_id)
    except Event.DoesNotExist:
        raise Http404 from None
    searches.opened(event=row, by=request.user)
    may_name = queries.sees_everything(request.user)
    page = {"event": queries.in_full(request.user, row), "may_name": may_name}
    return render(request, "audit/event.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(READ, step_up=True)
def resolve(request: SignedInRequest, subject_id: UUID) -> HttpResponse:
    """Show the name behind a pseudonym to somebody who says why it is needed."""
    if not queries.sees_everything(request.user):
        raise Http404
    form = Why(request.POST if request.method == "POST" else None)
    page: dict[str, Any] = {"form": form, "subject_id": subject_id, "name": None}
    page["pseudonym"] = persons.pseudonym(subject_id)
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            page["name"] = searches.resolve(subject_id=subject_id, reason=reason, by=request.user)
        except searches.NobodyThere:
            raise Http404 from None
        except searches.NotForYou as refusal:
            form.add_error(None, str(refusal.reason))
    return render(request, "audit/resolve.html", page, status=422 if form.errors else 200)
