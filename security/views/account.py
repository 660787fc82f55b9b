"""The own account: factors, recovery codes, password, roles, a fresh factor."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp import login as otp_login

from security import sessions
from security.access.decision import roles_of
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.forms.factor import AppCode
from security.forms.password import ChangePassword
from security.services import factors, recovery_codes, sign_in, throttle, users
from security.views.factor import ENROLLING, pending_factor, show_secret, stop, wrong


@require_GET
@requires(Permission.ACCOUNT_MANAGE)
def account(request: SignedInRequest) -> HttpResponse:
    """Show what belongs to the own account."""
    held = factors.of(request.user)
    page = {
        "factors": [
            {
                "id": factor.pk,
                "label": factor.name,
                "confirmed_at": factor.created_at,
                "last_used_at": factor.last_used_at,
                "is_removable": len(held) > 1,
            }
            for factor in held
        ],
        "recovery_left": recovery_codes.left(request.user),
        "roles": [ROLES[key] for key in roles_of(request.user)],
    }
    return render(request, "security/account.html", {"account": page})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires(Permission.ACCOUNT_MANAGE)
def step_up(request: SignedInRequest) -> HttpResponse:
    """Take a fresh code before what needs one."""
    back = sessions.next_address(request, reverse("security:account"))
    form = AppCode(request.POST or None)
    if form.is_valid():
        answer = sign_in.second_factor(
            user=request.user,
            code=form.cleaned_data["code"],
            pending=str(request.session.session_key),
            browser=sessions.browser_of(request),
        )
        if answer.factor is not None:
            sessions.step_up(request, request.user)
            return redirect(back)
        if answer.is_stopped:
            return stop(request)
        form.add_error("code", throttle.sentence(answer.wait) if answer.wait else wrong())
    minutes = settings.STEP_UP_SECONDS // 60
    page = {"form": form, "why": _why_fresh(back), "next": back, "minutes": minutes}
    return render(request, "security/step_up.html", page, status=422 if form.errors else 200)


def _why_fresh(address: str) -> str:
    """Return what the page at an address needs a fresh code for, "" where no page says it."""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return ""
    reasons = {
        "security:password_change": _("Changing your password needs a fresh code."),
        "security:add_factor": _("Adding a second factor needs a fresh code."),
        "security:account": _("Changing how you sign in needs a fresh code."),
    }
    if found.app_names == ["admin"]:
        return _("Changing this record in the administration needs a fresh code.")
    return reasons.get(found.view_name, "")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires(Permission.ACCOUNT_MANAGE, step_up=True)
def password_change(request: SignedInRequest) -> HttpResponse:
    """Change the own password; every other session of the account ends."""
    form = ChangePassword(request.POST or None)
    if form.is_valid() and _is_own_password(request, form):
        try:
            changed = users.set_password(
                user=request.user, password=form.cleaned_data["new"], by=request.user
            )
        except ValidationError as refusal:
            form.add_error("new", refusal)
        else:
            update_session_auth_hash(request, changed)
            messages.success(request, _("Your password is changed. Your other sessions ended."))
            return redirect("security:account")
    page = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "security/password_change.html", page, status=status)


def _is_own_password(request: SignedInRequest, form: ChangePassword) -> bool:
    answer = sign_in.own_password(user=request.user, password=form.cleaned_data["old"])
    if answer.user is None:
        form.add_error("old", throttle.sentence(answer.wait) if answer.wait else _("Not right."))
    return answer.user is not None


@require_POST
@requires(Permission.ACCOUNT_MANAGE, step_up=True)
def renew_recovery_codes(request: SignedInRequest) -> HttpResponse:
    """Make ten new recovery codes and show them once."""
    if "renew" not in request.POST:
        return redirect("security:account")
    codes = recovery_codes.issue(user=request.user)
    return render(request, "security/recovery_codes.html", {"codes": codes})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@requires(Permission.ACCOUNT_MANAGE, step_up=True)
def add_factor(request: SignedInRequest) -> HttpResponse:
    """Set up one more authenticator app, to replace a phone or beside it."""
    pending = pending_factor(request, request.user)
    form = AppCode(request.POST or None)
    if form.is_valid():
        try:
            code = form.cleaned_data["code"]
            factors.confirm_another(user=request.user, factor=pending, code=code)
        except factors.NotConfirmed as refusal:
            form.add_error("code", str(refusal.reason))
        else:
            request.session.pop(ENROLLING, None)
            return redirect("security:account")
    return show_secret(request, request.user, pending, form)


@require_POST
@requires(Permission.ACCOUNT_MANAGE, step_up=True)
def remove_factor(request: SignedInRequest, factor_id: UUID) -> HttpResponse:
    """Take one of several authenticator apps away."""
    stays = factors.remove(user=request.user, factor_id=factor_id)
    # This session may have come in by the one that is gone.
    otp_login(request, stays)
    return redirect("security:account")
