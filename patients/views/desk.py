"""The billing desk: open bills by age, the search, claims, and refunds that wait."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from patients.queries import bill_search, claims, desk, refunds
from patients.queries.desk import Asked
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission

LONGEST = 100


def tabs(request: SignedInRequest, active: str) -> dict[str, object]:
    """Return what every page of the desk shows on top."""
    return {"tab": active, "waiting_count": desk.waiting_refunds(request.user)}


@require_safe
@requires(Permission.BILLING_WRITE)
def bills(request: SignedInRequest) -> HttpResponse:
    """List bills, narrowed and ordered by what the address says of what there is to say."""
    asked = Asked.read(request.GET)
    page = tabs(request, "bills") | {
        "page": desk.page(request.user, asked),
        "ageing": desk.ageing(request.user, asked),
    }
    return render(request, "patients/desk/bills.html", page)


@require_POST
@requires(Permission.BILLING_WRITE)
def search(request: SignedInRequest) -> HttpResponse:
    """Find bills; what is typed stands in no address and in no log."""
    typed = request.POST.get("q", "")[:LONGEST]
    page = tabs(request, "bills") | {"typed": typed, "found": bill_search.find(request.user, typed)}
    return render(request, "patients/desk/search.html", page)


@require_safe
@requires(Permission.BILLING_WRITE)
def claim_list(request: SignedInRequest) -> HttpResponse:
    """List the insurance claims of everybody."""
    page = tabs(request, "claims")
    page["page"] = claims.page(request.user, after=request.GET.get("after", ""))
    return render(request, "patients/desk/claims.html", page)


@require_safe
@requires(Permission.BILLING_WRITE)
def refund_list(request: SignedInRequest) -> HttpResponse:
    """List the refunds that wait for a second person."""
    page = tabs(request, "refunds") | {"page": refunds.page(request.user)}
    return render(request, "patients/desk/refunds.html", page)
