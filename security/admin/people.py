"""Administration of people: invited, disabled, leaving; an administrator never knows a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from security.access.roles import ROLES
from security.admin.access import DeedAdmin, actor
from security.forms import administration as forms
from security.models import User
from security.services import factor_resets, invitations, users

# Marks the second step of an action that asks something first.
APPLY = "apply"


@admin.register(User)
class UserAdmin(DeedAdmin):
    """Accounts: handle, kind, roles, state; names only masked, sealed values never."""

    new_form = forms.NewAccount
    list_display = ("handle", "person", "kind", "roles", "is_active", "ends_on")
    list_filter = ("kind", "is_active")
    search_fields = ("handle",)
    ordering = ("-created_at",)
    fields = (
        "handle", "person", "kind", "roles", "is_active", "is_staff", "language",
        "created_at", "last_login", "ends_on",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("invite_again", "reset_factor", "set_last_day", "disable", "enable")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return accounts with their roles."""
        return super().get_queryset(request).prefetch_related("role_assignments")

    def make(self, request: HttpRequest, said: dict[str, Any]) -> User:
        """Make the account; its person alone gets the way in."""
        return invitations.invite(by=actor(request), **said)

    def after_add(self, request: HttpRequest, made: User) -> HttpResponse:
        """Say that the invitation is on its way; there is nothing to hand over."""
        said = _("Account %(handle)s is there; its invitation is on its way. Give it a role now.")
        messages.success(request, said % {"handle": made.handle})
        return HttpResponseRedirect(reverse("admin:security_user_changelist"))

    @admin.display(description=gettext_lazy("Person"))
    def person(self, row: User) -> str:
        """Return the masked name."""
        return forms.person(row).partition(" · ")[2]

    @admin.display(description=gettext_lazy("Roles"))
    def roles(self, row: User) -> str:
        """Return the roles in force."""
        now = timezone.now()
        held = {
            one.role
            for one in row.role_assignments.all()
            if one.starts_at <= now and (one.ends_at is None or one.ends_at > now)
        }
        return ", ".join(str(ROLES[key].label) for key in sorted(held & set(ROLES)))

    @admin.action(description=gettext_lazy("Disable the account"), permissions=["manage"])
    def disable(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Disable the chosen accounts; their sessions end."""
        self.each(request, rows, lambda row: users.deactivate(user=row, by=actor(request)))

    @admin.action(description=gettext_lazy("Enable the account"), permissions=["manage"])
    def enable(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Let the chosen accounts sign in again."""
        self.each(request, rows, lambda row: users.reactivate(user=row, by=actor(request)))

    @admin.action(description=gettext_lazy("Send the invitation again"), permissions=["manage"])
    def invite_again(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Send the chosen people a new invitation; earlier links are void."""
        self.each(request, rows, lambda row: invitations.send_again(user=row, by=actor(request)))

    @admin.action(
        description=gettext_lazy("Reset a lost second factor, after checking who asks"),
        permissions=["manage"],
    )
    def reset_factor(self, request: HttpRequest, rows: QuerySet[User]) -> HttpResponse | None:
        """Ask how the person was checked, then send the link to a new second factor."""
        if len(rows) != 1:
            messages.error(request, _("One person at a time: each identity is checked by itself."))
            return None
        form = forms.FactorReset(request.POST if APPLY in request.POST else None)
        title = gettext_lazy("Reset a lost second factor")
        return self._asked(
            request,
            rows,
            form,
            title,
            lambda row, said: factor_resets.start(user=row, by=actor(request), **said),
        )

    @admin.action(description=gettext_lazy("Set the last day"), permissions=["manage"])
    def set_last_day(self, request: HttpRequest, rows: QuerySet[User]) -> HttpResponse | None:
        """Ask for the last day of work, then set it."""
        form = forms.LastDay(request.POST if APPLY in request.POST else None)
        title = gettext_lazy("Set the last day")
        return self._asked(
            request,
            rows,
            form,
            title,
            lambda row, said: users.end_on(user=row, by=actor(request), **said),
        )

    def _asked(
        self,
        request: HttpRequest,
        rows: QuerySet[User],
        form: Form,
        title: Promise,
        deed: Callable[[User, dict[str, Any]], object],
    ) -> HttpResponse | None:
        """Show a form about the chosen people, then do the deed to each."""
        if form.is_valid():
            self.each(request, rows, lambda row: deed(row, form.cleaned_data))
            return None
        page = {
            "form": form,
            "title": title,
            "people": [{"id": row.pk, "label": forms.person(row)} for row in rows],
            "action": request.POST.get("action", ""),
        }
        return self.page(request, "admin/security/about_people.html", page)
