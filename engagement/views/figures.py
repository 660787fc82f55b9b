"""The dashboards: figures with their charts and tables."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from engagement.forms.figures import Days
from engagement.queries import figures
from security.access.gate import SignedInRequest, requires
from security.exports import usable_by

EXPORTER = "figures"


@require_safe
@requires(*figures.READ)
def dashboards(request: SignedInRequest) -> HttpResponse:
    """Show every figure that the person may see, over a period."""
    form = Days(request.GET)
    days = form.cleaned_data["days"] if form.is_valid() else figures.USUAL
    page = {
        "figures": figures.page(request.user, figures.period(days)),
        "days": days,
        "choices": [{"days": int(key), "label": label} for key, label in figures.period_choices()],
        "exports": any(one.key == EXPORTER for one in usable_by(request.user)),
    }
    return render(request, "engagement/figures/dashboards.html", page)
