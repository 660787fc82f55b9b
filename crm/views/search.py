"""Search as you type; posted, so that no name enters an address, a history or a log."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from patients.queries import search as patients
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission

LONGEST_QUERY = 80


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ACCOUNT_MANAGE)
def search(request: SignedInRequest) -> HttpResponse:
    """Show the patients that a name, a phone tail or an identifier finds among those open to the person."""
    typed = request.POST.get("q", "")[:LONGEST_QUERY]
    page = {"q": typed, **patients.find(request.user, typed)}
    is_fragment = request.headers.get("HX-Request") == "true"
    return render(request, "crm/_search_results.html" if is_fragment else "crm/search.html", page)
