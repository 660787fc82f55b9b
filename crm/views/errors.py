"""Answers for what no view answered: the same pages that the gate shows, without any person on them."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from security import trail


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that was not understood; one that was larger than any form stands on the trail."""
    is_too_large = isinstance(exception, RequestDataTooBig)
    if is_too_large and request.user.is_authenticated:
        asked = request.resolver_match
        named = [f"route:{asked.view_name}"] if asked else []
        with transaction.atomic():
            trail.record("crm.request.refused", outcome="refused", fields=named, by=request.user)
    return render(request, "400.html", {"is_too_large": is_too_large}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what is not open to this session."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist, with the page for hidden records."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a failure of ours."""
    return render(request, "500.html", status=500)
