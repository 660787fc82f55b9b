"""Forgotten passwords: one page and one answer for every name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from security.access.gate import public
from security.forms.sign_in import Forgotten
from security.services import password_resets, throttle


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@public
def forgotten(request: HttpRequest) -> HttpResponse:
    """Take the name of somebody who forgot the password."""
    form = Forgotten(request.POST if request.method == "POST" else None)
    if form.is_valid():
        wait = password_resets.ask(typed=form.cleaned_data["name"])
        if wait is None:
            return redirect("security:forgotten_sent")
        form.add_error(None, throttle.sentence(wait))
    status = 422 if form.errors else 200
    return render(request, "security/forgotten.html", {"form": form}, status=status)


@require_http_methods(["GET"])
@public
def sent(request: HttpRequest) -> HttpResponse:
    """Say what happens if the name is somebody's."""
    return render(request, "security/forgotten_sent.html")
