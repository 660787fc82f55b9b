"""The register of recipients of patients' data."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from consent.forms.disclosures import Registered
from consent.models import Recipient
from consent.queries import disclosures as queries
from consent.services import recipients
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused, SignedInRequest, requires
from security.access.permissions import Permission

READ, MANAGE = Permission.RIGHTS_READ, Permission.RIGHTS_MANAGE


@require_safe
@requires(READ)
def listed(request: SignedInRequest) -> HttpResponse:
    """List those to whom data of patients may go."""
    manages = reach_of_user(request.user, MANAGE) is not Reach.NONE
    page = {"rows": queries.recipients(), "manages": manages}
    return render(request, "consent/disclosures/recipients.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(MANAGE)
def new(request: SignedInRequest) -> HttpResponseBase:
    """Add somebody to the register."""
    form = Registered(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            described = recipients.Described(**form.cleaned_data)
            recipients.register(described=described, by=request.user)
        except Refused as refusal:
            form.add_error("key", str(refusal.reason))
        else:
            messages.success(request, _("The recipient stands in the register."))
            return redirect("consent:recipients")
    status = 422 if form.errors else 200
    return render(request, "consent/disclosures/recipient_new.html", {"form": form}, status=status)


@require_POST
@requires(MANAGE)
def retire(request: SignedInRequest, recipient_id: UUID) -> HttpResponseBase:
    """Let nothing go to a recipient any more."""
    try:
        recipients.retire(recipient_id=recipient_id, by=request.user)
    except Recipient.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    else:
        messages.success(request, _("Nothing goes to this recipient any more."))
    return redirect("consent:recipients")
