"""Cashing up at the end of a day."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients.forms import billing as forms
from patients.queries import tills
from patients.services import cashups
from patients.views.desk import tabs
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.BILLING_WRITE)
def cash_up(request: SignedInRequest) -> HttpResponseBase:
    """Show what should be in the own till, and close it once."""
    today = timezone.localdate()
    moved = tills.open_currencies(request.user, today)
    start = {"day": today, "currency": moved[0]["currency"] if moved else settings.CURRENCY}
    form = forms.CashUp(request.POST if request.method == "POST" else None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            cashups.close(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The till is closed."))
            return redirect("patients:cash_up")
    page = tabs(request, "till") | {"form": form, "moved": moved, "rows": tills.closed()}
    return render(request, "patients/desk/cash_up.html", page, status=422 if form.errors else 200)
