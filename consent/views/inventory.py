"""The record of processing, as controller, as seen by processor, and as PIPL 55 asks for it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from consent.queries import inventory as queries
from consent.views.purposes import READ
from security.access.gate import SignedInRequest, requires

# Key of a view of the record -> its name and what it reads.
VIEWS = {
    "controller": (_("As controller (GDPR 30(1))"), queries.of_controller),
    "processors": (_("By processor (GDPR 30(2))"), queries.of_processors),
    "assessments": (_("Assessments (PIPL 55 and 56)"), queries.of_assessments),
}


@require_safe
@requires(READ)
def inventory(request: SignedInRequest) -> HttpResponse:
    """Show the record of processing."""
    asked = request.GET.get("view", "")
    chosen = asked if asked in VIEWS else "controller"
    _label, read = VIEWS[chosen]
    page = queries.head() | {
        "view": chosen,
        "views": [{"key": key, "label": label} for key, (label, _read) in VIEWS.items()],
        "rows": read(),
    }
    return render(request, "consent/inventory/inventory.html", page)
