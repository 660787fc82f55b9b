"""One-time links: opened by anybody who has one, used by a form, so that no scanner of mail uses one up."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from security import sessions
from security.access.gate import factor_step
from security.forms.password import KnownPassword, NewPassword
from security.models import OneTimeLink, User
from security.services import factor_resets, one_time_links, password_resets, throttle

Kind = OneTimeLink.Kind
PARAMETER = "t"


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@factor_step
def link(request: HttpRequest) -> HttpResponse:
    """Open a link, then show what it is for; somebody may be half signed in meanwhile."""
    if request.method == "GET" and PARAMETER in request.GET:
        return _open(request, request.GET[PARAMETER])
    kept = sessions.kept_link(request)
    row = one_time_links.opened(kept) if kept is not None else None
    if row is None or row.user is None:
        return _over(request)
    try:
        if row.kind == Kind.FACTOR_RESET:
            return _take_password(request, row, row.user)
        return _choose_password(request, row)
    except one_time_links.LinkOver:
        return _over(request)


def _open(request: HttpRequest, token: str) -> HttpResponse:
    answer = one_time_links.open_by(token=token)
    if answer.link is None or answer.link.kind == Kind.SETUP:
        sessions.forget_link(request)
        if answer.wait:
            messages.warning(request, throttle.sentence(answer.wait))
    else:
        sessions.keep_link(request, answer.link.pk)
    # Either way to an address without the token: it stays in no history and no Referer.
    return redirect("security:link")


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "security/link_over.html", status=400)


def _choose_password(request: HttpRequest, row: OneTimeLink) -> HttpResponse:
    form = NewPassword(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            password_resets.choose(link_id=row.pk, password=form.cleaned_data["new"])
        except ValidationError as refusal:
            form.add_error("new", refusal)
        else:
            return _chosen(request, row)
    page = {"form": form, "is_invitation": row.kind == Kind.INVITATION}
    return render(request, "security/link_password.html", page, status=422 if form.errors else 200)


def _chosen(request: HttpRequest, row: OneTimeLink) -> HttpResponse:
    # Whoever was signed in at this browser is not whoever the link is for.
    sessions.end(request)
    if row.kind == Kind.PASSWORD_RESET:
        messages.success(request, _("Your password is changed. Sign in with it."))
        return redirect("security:sign_in")
    sessions.begin_half(request, User.objects.get(pk=row.user_id), has_link=True)
    return redirect("security:enrol")


def _take_password(request: HttpRequest, row: OneTimeLink, user: User) -> HttpResponse:
    form = KnownPassword(request.POST if request.method == "POST" else None)
    if form.is_valid():
        answer = factor_resets.accept(link_id=row.pk, password=form.cleaned_data["password"])
        if answer.user is not None:
            sessions.end(request)
            sessions.begin_half(request, user, has_link=True)
            return redirect("security:enrol")
        form.add_error(
            "password", throttle.sentence(answer.wait) if answer.wait else _("Not right.")
        )
    status = 422 if form.errors else 200
    return render(request, "security/link_factor.html", {"form": form}, status=status)
