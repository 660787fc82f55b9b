"""Language, appearance and the purpose of the work: remembered, never in an address."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from crm.shell import THEME_COOKIE, THEMES
from security.access.gate import SignedInRequest, public, requires
from security.access.permissions import Permission
from security.models import User
from security.services import purposes, users

YEAR = 365 * 24 * 3600


def _back(request: HttpRequest) -> HttpResponseRedirect:
    address = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(address if is_ours else "/")


def _remember(response: HttpResponse, name: str, value: str) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")


@require_POST
@public
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language that was chosen."""
    response = _back(request)
    code = request.POST.get("language", "")
    if code in dict(settings.LANGUAGES) and check_for_language(code):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, code)
        if isinstance(request.user, User):
            users.set_language(user=request.user, language=code)
    return response


@require_POST
@public
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the appearance that was chosen."""
    response = _back(request)
    if request.POST.get("theme") in THEMES:
        _remember(response, THEME_COOKIE, request.POST["theme"])
    return response


@require_POST
@requires(Permission.ACCOUNT_MANAGE)
def purpose(request: SignedInRequest) -> HttpResponse:
    """State the purpose for what this session does next."""
    purposes.state(
        session=request.session, purpose=request.POST.get("purpose", ""), by=request.user
    )
    return _back(request)
