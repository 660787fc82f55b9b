"""The demo's post: what its patients would have got, readable because every one of them is invented."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from crm.demo import post
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission


@require_safe
@requires(Permission.ACCOUNT_MANAGE)
def demo_post(request: SignedInRequest) -> HttpResponseBase:
    """Show the latest messages to patients of the demo; elsewhere there is no such page."""
    if not settings.DEMO:
        return redirect("crm:home")
    page: HttpResponse = render(request, "crm/demo_post.html", {"rows": post.to_patients()})
    return page
