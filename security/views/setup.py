"""The guided page of the set-up: with the command's code, while nobody has an account, never again."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from security import sessions
from security.access.gate import Refused, public
from security.access.roles import ROLES
from security.forms.setup import SetUp, SetUpCode, usual
from security.models import OneTimeLink
from security.services import clinics, one_time_links, throttle
from security.services.clinics import FirstLink


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@public
def setup(request: HttpRequest) -> HttpResponse:
    """Take the code, then the clinic, then show the two links once."""
    if clinics.is_set_up():
        raise Http404
    kept = sessions.kept_link(request)
    row = one_time_links.opened(kept) if kept is not None else None
    if row is None or row.kind != OneTimeLink.Kind.SETUP:
        return _take_code(request)
    return _take_clinic(request, row)


def wrong() -> str:
    """Return the one sentence for every code that opens nothing."""
    return _("This code is not right, or a newer one took its place.")


def _take_code(request: HttpRequest) -> HttpResponse:
    form = SetUpCode(request.POST if request.method == "POST" else None)
    if form.is_valid():
        code = one_time_links.plain_code(form.cleaned_data["code"])
        answer = one_time_links.open_by(token=code)
        if answer.link is not None and answer.link.kind == OneTimeLink.Kind.SETUP:
            sessions.keep_link(request, answer.link.pk)
            return redirect("security:setup")
        form.add_error("code", throttle.sentence(answer.wait) if answer.wait else wrong())
    status = 422 if form.errors else 200
    return render(request, "security/setup_code.html", {"form": form}, status=status)


def _take_clinic(request: HttpRequest, row: OneTimeLink) -> HttpResponse:
    form = SetUp(request.POST if request.method == "POST" else None, initial=usual())
    if form.is_valid():
        try:
            made = clinics.set_up(
                clinic=form.profile(),
                administrator=form.person("administrator"),
                officer=form.person("officer"),
                language=get_language() or "",
                link_id=row.pk,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            sessions.end(request)
            return _done(request, made, form.cleaned_data["time_zone"])
    status = 422 if form.errors else 200
    return render(request, "security/setup.html", {"form": form}, status=status)


def _done(request: HttpRequest, made: list[FirstLink], time_zone: str) -> HttpResponse:
    page = {
        "links": [{"role": ROLES[one.role].label, "address": one.address} for one in made],
        "time_zone": time_zone if time_zone != settings.TIME_ZONE else "",
        "running_zone": settings.TIME_ZONE,
    }
    return render(request, "security/setup_done.html", page)
