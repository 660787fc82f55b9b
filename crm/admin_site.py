"""The administration site behind the same gate as every other page: there is no second way in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Gate, is_verified, pass_through
from security.access.permissions import Permission
from security.models import User
from security.views.sign_in import sign_out

View = Callable[..., HttpResponseBase]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Words for screen readers that Django does not yet bring in Chinese.
SPOKEN = (
    gettext_noop("Model name"), gettext_noop("Add link"), gettext_noop("Change or view list link"),
)  # fmt: skip
# Routes of the site that lead to our own pages.
OPEN_ROUTES = {"login": Gate("public"), "logout": Gate("factor")}


class CustodiaAdminSite(admin.AdminSite):
    """Users, roles, units and keys, for administrators; auditors read. Nothing of a patient."""

    site_header = site_title = _("Administration")
    index_title = _("Users, roles, units, keys")
    site_url = "/"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may see any page here; the gate has asked before."""
        user = request.user
        return (
            isinstance(user, User)
            and user.is_staff
            and is_verified(request)
            and reach_of_user(user, Permission.ADMINISTRATION_READ) is not Reach.NONE
        )

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the site's addresses, each behind a gate."""
        urls: list[URLPattern | URLResolver] = super().get_urls()
        _gate_all(urls)
        return urls

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Lead to the one sign-in page."""
        return HttpResponseRedirect(reverse("security:sign_in"))

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Sign out as everywhere."""
        return sign_out(request)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Lead to the page of the own account."""
        return HttpResponseRedirect(reverse("security:password_change"))

    def password_change_done(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Lead to the page of the own account."""
        return HttpResponseRedirect(reverse("security:account"))


def _gate_all(patterns: Iterable[URLPattern | URLResolver]) -> None:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _gate_all(pattern.url_patterns)
        else:
            pattern.callback = _gated(pattern.callback, pattern.name or "")


def _gated(view: View, name: str) -> View:
    step_up = getattr(getattr(view, "model_admin", None), "step_up", False)
    declared = OPEN_ROUTES.get(name) or Gate("requires", Permission.ADMINISTRATION_READ)

    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        gate = declared
        if gate.kind == "requires":
            is_write = request.method not in SAFE
            # The form of a new row asks as well, so that nobody fills it in for nothing.
            is_step_up = step_up and (is_write or name.endswith("_add"))
            wanted = Permission.ADMINISTRATION_MANAGE if is_write else declared.permission
            gate = Gate("requires", wanted, step_up=is_step_up)
        return pass_through(gate, view, request, *args, **kwargs)

    gated.gate = declared  # type: ignore[attr-defined]
    return gated
