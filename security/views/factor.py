"""The second factor: its pages between the password and the workspace."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from security import qr, sessions
from security.access.gate import factor_step, is_verified
from security.forms.factor import AppCode, RecoveryCode
from security.models import TotpFactor, User
from security.services import factors, throttle
from security.services import sign_in as deeds

ENROLLING = "enrolling"


def home_of(request: HttpRequest) -> str:
    """Return where the person wanted to go before the codes."""
    return sessions.next_address(request, reverse(settings.LOGIN_REDIRECT_URL))


def elsewhere(request: HttpRequest) -> HttpResponse:
    """Send on who has no sign-in pending: into the workspace, or to its start."""
    if is_verified(request):
        return redirect(home_of(request))
    return redirect(f"{reverse('security:sign_in')}?{urlencode({'next': home_of(request)})}")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@factor_step
def factor(request: HttpRequest) -> HttpResponse:
    """Take the code that the authenticator app shows."""
    return _take_code(request, AppCode(request.POST or None), "security/factor.html")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@factor_step
def recovery(request: HttpRequest) -> HttpResponse:
    """Take a recovery code in place of the app's."""
    return _take_code(request, RecoveryCode(request.POST or None), "security/recovery.html")


def _take_code(request: HttpRequest, form: AppCode | RecoveryCode, template: str) -> HttpResponse:
    user = sessions.half_user(request)
    if user is None:
        return elsewhere(request)
    if not factors.is_set_up(user):
        return redirect(f"{reverse('security:enrol')}?{urlencode({'next': home_of(request)})}")
    if form.is_valid():
        answer = deeds.second_factor(
            user=user,
            code=form.cleaned_data["code"],
            pending=str(request.session.session_key),
            browser=sessions.browser_of(request),
        )
        if answer.factor is not None:
            return enter(request, user, answer.factor)
        if answer.is_stopped:
            return stop(request)
        form.add_error("code", throttle.sentence(answer.wait) if answer.wait else wrong())
    page = {"form": form, "next": home_of(request)}
    return render(request, template, page, status=422 if form.errors else 200)


def wrong() -> str:
    """Return the sentence for a code that was not accepted."""
    return _("This code is not right, or it was used before.")


def enter(request: HttpRequest, user: User, accepted: TotpFactor) -> HttpResponse:
    """Make the session whole and go where the person wanted to go."""
    sessions.complete(request, user, accepted)
    response = redirect(home_of(request))
    sessions.remember(request, response, user)
    return response


def stop(request: HttpRequest) -> HttpResponse:
    """End a pending sign-in after too many wrong codes."""
    sessions.end(request)
    return redirect(f"{reverse('security:sign_in')}?reason=stopped")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@factor_step
def enrol(request: HttpRequest) -> HttpResponse:
    """Set up the first authenticator app of an account, then show its recovery codes once."""
    user = sessions.half_user(request)
    if user is None or factors.is_set_up(user):
        return elsewhere(request) if user is None else redirect("security:factor")
    if factors.needs_link(user) and not sessions.has_link(request):
        return render(request, "security/enrol_closed.html", status=403)
    pending = pending_factor(request, user)
    form = AppCode(request.POST or None)
    if form.is_valid():
        try:
            made = _confirmed(request, user, pending, form)
        except factors.NotConfirmed as refusal:
            form.add_error("code", str(refusal.reason))
        else:
            request.session.pop(ENROLLING, None)
            sessions.complete(request, user, made.factor)
            page = {"codes": made.codes, "next": home_of(request)}
            response = render(request, "security/recovery_codes.html", page)
            sessions.remember(request, response, user)
            return response
    return show_secret(request, user, pending, form)


def _confirmed(
    request: HttpRequest, user: User, pending: TotpFactor, form: AppCode
) -> factors.SetUp:
    code, has_link = form.cleaned_data["code"], sessions.has_link(request)
    return factors.confirm_first(user=user, factor=pending, code=code, has_link=has_link)


def pending_factor(request: HttpRequest, user: User) -> TotpFactor:
    """Return the factor this session is setting up, a new one at first."""
    known = request.session.get(ENROLLING)
    found = factors.pending(user=user, factor_id=UUID(known)) if known else None
    if found is None:
        found = factors.start(user=user)
        request.session[ENROLLING] = str(found.pk)
    return found


def show_secret(
    request: HttpRequest, user: User, pending: TotpFactor, form: AppCode
) -> HttpResponse:
    """Show the secret of a factor that is not confirmed yet, as a picture and in letters."""
    name = user.email or user.phone or user.handle
    secret = pending.secret
    page = {
        "form": form,
        "qr_svg": qr.inline_svg(factors.provisioning_uri(pending, name=name)),
        "secret_groups": [secret[i : i + 4] for i in range(0, len(secret), 4)],
        "next": home_of(request),
    }
    return render(request, "security/enrol.html", page, status=422 if form.errors else 200)
