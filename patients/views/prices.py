"""The price list."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients.forms import billing as forms
from patients.queries import prices as queries
from patients.services import prices
from patients.views.desk import tabs
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.BILLING_WRITE)
def price_list(request: SignedInRequest) -> HttpResponseBase:
    """Show the price list; add a price to it."""
    start = {"currency": settings.CURRENCY, "valid_from": timezone.localdate()}
    form = forms.Price(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            prices.add(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The price was added."))
            return redirect("patients:prices")
    everything = request.GET.get("all") == "1"
    page = tabs(request, "prices") | {"form": form, "everything": everything}
    page["rows"] = queries.page(everything=everything)
    return render(request, "patients/desk/prices.html", page, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.BILLING_WRITE)
def end(request: SignedInRequest, price_id: UUID) -> HttpResponseBase:
    """Let a price end."""
    price = queries.find(price_id)
    if price is None:
        raise Http404
    start = {"version": price.version, "valid_until": timezone.localdate()}
    form = forms.PriceEnd(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            prices.end(price_id=price.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The price ends on that day."))
            return redirect("patients:prices")
    page = tabs(request, "prices") | {"form": form, "price": queries.shown(price)}
    return render(request, "patients/desk/price_end.html", page, status=422 if form.errors else 200)
