"""The way in and the way out of the staff's workspace."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from security import sessions
from security.access.gate import factor_step, is_verified, public
from security.forms.sign_in import SignIn
from security.services import sign_in as deeds
from security.services import throttle

REASONS = {
    "idle": gettext_lazy("You were away for a while, so the workspace was closed."),
    "absolute": gettext_lazy("Your working day here reached its limit. Sign in again to go on."),
    "half": gettext_lazy("The second factor did not come in time. Start again."),
    "stopped": gettext_lazy("Too many wrong codes. Start again with your password."),
    "suspended": gettext_lazy("Your session was ended after an alert. Sign in again to go on."),
    "account": gettext_lazy("Your session ended. Sign in again."),
    "factor": gettext_lazy("Your session ended. Sign in again."),
}


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@public
def sign_in(request: HttpRequest) -> HttpResponse:
    """Take name and password; the second factor follows."""
    home = sessions.next_address(request, reverse(settings.LOGIN_REDIRECT_URL))
    if is_verified(request):
        return redirect(home)
    form = SignIn(request.POST or None)
    if form.is_valid():
        answer = deeds.first_factor(
            typed=form.cleaned_data["name"],
            password=form.cleaned_data["password"],
            browser=sessions.browser_of(request),
        )
        if answer.user is not None:
            sessions.begin_half(request, answer.user)
            return redirect(f"{reverse('security:factor')}?{urlencode({'next': home})}")
        form.add_error(None, throttle.sentence(answer.wait) if answer.wait else wrong())
    _tell_reason(request)
    page = {"form": form, "next": home}
    return render(request, "security/sign_in.html", page, status=422 if form.errors else 200)


def wrong() -> str:
    """Return the one sentence for every name that does not get in."""
    return _("Name and password do not belong together, or the account may not sign in.")


def _tell_reason(request: HttpRequest) -> None:
    reason = REASONS.get(request.GET.get("reason", ""))
    if reason is not None and request.method == "GET":
        messages.info(request, reason)


@require_POST
@factor_step
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on the server."""
    sessions.end(request)
    return HttpResponseRedirect(reverse("security:signed_out"))


@require_http_methods(["GET"])
@public
def signed_out(request: HttpRequest) -> HttpResponse:
    """Say that nothing is left open."""
    reason = request.GET.get("reason")
    known = reason if reason in {"idle", "absolute"} else None
    return render(request, "security/signed_out.html", {"reason": known})
