"""The minimisation meter: its page, the fields of one purpose, and a measurement that is made now."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from consent import declarations, tasks
from consent.models import MeterRun
from consent.queries import meter as queries
from consent.services import meter
from consent.views.purposes import MANAGE, READ, manages
from security.access.gate import SignedInRequest, requires
from security.classification import PURPOSES


@require_safe
@requires(READ)
def index(request: SignedInRequest) -> HttpResponse:
    """Show how full the fields of each purpose are, and what nobody reads."""
    page = queries.page(queries.run_of(request.GET.get("run", "")))
    return render(request, "consent/meter/meter.html", page | {"manages": manages(request)})


@require_safe
@requires(READ)
def of_purpose(request: SignedInRequest, field_purpose: str) -> HttpResponse:
    """Show the fields that are declared for one purpose."""
    if field_purpose not in declarations.REGISTERED:
        raise Http404
    run = queries.run_of(request.GET.get("run", ""))
    page = {
        "key": field_purpose,
        "why": PURPOSES.get(field_purpose, ""),
        "run": run,
        "rows": queries.of_purpose(run, field_purpose) if run else [],
    }
    return render(request, "consent/meter/purpose.html", page)


@require_POST
@requires(MANAGE)
def run(request: SignedInRequest) -> HttpResponseBase:
    """Begin a measurement, or go on with the one that is under way."""
    meter.begin(by=request.user)
    try:
        tasks.measure.delay()
    except OperationalError:
        # The scheduler finds what was begun and goes on with it.
        messages.info(request, _("It will be measured as soon as the worker is back."))
    return redirect("consent:meter")


@require_safe
@requires(READ)
def progress(request: SignedInRequest) -> HttpResponse:
    """Show how far the measurement is, as a part of its page; load the page again once it is over."""
    under_way = MeterRun.objects.under_way().first()
    if under_way is None and request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "consent/meter/_progress.html", {"under_way": under_way})
