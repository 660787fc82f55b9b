"""Administration of roles, units, keys: every write is a deed, no seal is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import Refused
from security.access.permissions import Permission
from security.access.roles import ROLES
from security.classification import Scope, SubjectKind
from security.forms import administration as new
from security.models import Clearance, DataKey, Membership, RoleAssignment, Unit, User
from security.services import clearances, roles, units

WHOSE = {
    SubjectKind.PATIENT: gettext_lazy("patient"),
    SubjectKind.USER: gettext_lazy("user"),
    SubjectKind.LEAD: gettext_lazy("lead"),
    SubjectKind.SYSTEM: gettext_lazy("system"),
}
SCOPES = {
    Scope.RECORD: gettext_lazy("record"),
    Scope.BILLING: gettext_lazy("billing"),
    Scope.ENGAGEMENT: gettext_lazy("engagement"),
    Scope.RESTRICTED: gettext_lazy("specially protected"),
    Scope.CONSENT: gettext_lazy("consents and requests"),
}

# Groups follow from the roles; nobody edits them.
admin.site.unregister(Group)


def actor(request: HttpRequest) -> User:
    """Return who acts; the gate let nobody else through."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def is_manager(request: HttpRequest) -> bool:
    """Tell whether the person may change anything here, by the decision and nothing else."""
    user = request.user
    return (
        isinstance(user, User)
        and reach_of_user(user, Permission.ADMINISTRATION_MANAGE) is not Reach.NONE
    )


class RoleFilter(admin.AllValuesFieldListFilter):
    """Offers the roles by their names."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return what may be chosen; the key of a role is no word for people."""
        for one in super().choices(changelist):
            role = ROLES.get(str(one["display"]))
            yield {**one, "display": role.label} if role else one


class DeedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Lists and shows rows; adds and ends them by deeds; changes and deletes none by itself."""

    new_form: type[forms.Form]
    # Whether writing here asks for a fresh second factor; the site's gate looks at it.
    step_up = True
    actions_on_top, list_per_page = True, 50

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse Django's own change form."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse deletion: rows of access end, they are not deleted."""
        return False

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may use the actions of this list."""
        return is_manager(request)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow filters that the list offers and no others: each is a question to the table."""
        if "\x00" in str(value):
            return False
        offered = {one[0] if isinstance(one, tuple) else one for one in self.list_filter}
        return lookup.split("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Take a plain form and make the row by its deed."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.new_form(request.POST or None)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = self.make(request, form.cleaned_data)
                    self.log_addition(request, made, [{"added": {}}])
            except Refused as refusal:
                form.add_error(None, str(refusal.reason))
            else:
                return self.after_add(request, made)
        title = _("Add: %(what)s") % {"what": self.opts.verbose_name}
        return self.page(request, "admin/security/new.html", {"form": form, "title": title})

    def make(self, request: HttpRequest, said: dict[str, Any]) -> models.Model:
        """Make the row by its deed."""
        raise NotImplementedError

    def after_add(self, request: HttpRequest, made: Any) -> HttpResponse:
        """Return to the list."""
        messages.success(request, _("Added."))
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        )

    def page(self, request: HttpRequest, template: str, more: dict[str, Any]) -> HttpResponse:
        """Return a page of this site."""
        frame = self.admin_site.each_context(request)
        return TemplateResponse(request, template, {**frame, "opts": self.opts, **more})

    def each(self, request: HttpRequest, rows: QuerySet[Any], deed: Any) -> None:
        """Do a deed to each chosen row, all or none, and tell."""
        try:
            with transaction.atomic():
                for row in rows:
                    deed(row)
                    self.log_change(request, row, [])
        except Refused as refusal:
            messages.error(request, str(refusal.reason))
            return
        number = len(rows)
        words = ngettext("%(number)d row changed.", "%(number)d rows changed.", number)
        messages.success(request, words % {"number": number})


class DatedAdmin(DeedAdmin):
    """Rows that hold from an instant to an instant."""

    actions = ("end_now",)

    def end(self, row: Any, by: User) -> None:
        """End one row by its deed."""
        raise NotImplementedError

    @admin.action(description=gettext_lazy("End now"), permissions=["manage"])
    def end_now(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """End the chosen rows."""
        self.each(request, rows, lambda row: self.end(row, actor(request)))

    @admin.display(description=gettext_lazy("Person"))
    def person(self, row: Any) -> str:
        """Return whose row it is, masked."""
        return new.person(row.user)

    @admin.display(description=gettext_lazy("in force"), boolean=True)
    def in_force(self, row: Any) -> bool:
        """Tell whether the row holds now."""
        now = timezone.now()
        return row.starts_at <= now and (row.ends_at is None or row.ends_at > now)


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(DatedAdmin):
    """Which roles people hold, since when, given by whom."""

    new_form = new.NewRole
    list_display = ("person", "role_name", "in_force", "starts_at", "ends_at", "granted_by")
    list_filter = (("role", RoleFilter),)
    list_select_related = ("user", "granted_by")
    ordering = ("-starts_at",)
    fields = readonly_fields = (
        "person", "role_name", "starts_at", "ends_at", "granted_by", "ended_by",
    )  # fmt: skip

    @admin.display(description=gettext_lazy("role"), ordering="role")
    def role_name(self, row: RoleAssignment) -> str:
        """Return the role in words."""
        role = ROLES.get(row.role)
        return str(role.label) if role else row.role

    def make(self, request: HttpRequest, said: dict[str, Any]) -> RoleAssignment:
        """Give the role."""
        return roles.grant(by=actor(request), **said)

    def end(self, row: RoleAssignment, by: User) -> None:
        """End the role."""
        roles.end(assignment=row, by=by)


@admin.register(Clearance)
class ClearanceAdmin(DatedAdmin):
    """Who may read specially protected records of the own patients, and why."""

    new_form = new.NewClearance
    list_display = ("person", "reason", "in_force", "starts_at", "ends_at", "granted_by")
    list_select_related = ("user", "granted_by")
    ordering = ("-starts_at",)
    fields = readonly_fields = (
        "person", "reason", "starts_at", "ends_at", "granted_by", "ended_by",
    )  # fmt: skip

    def make(self, request: HttpRequest, said: dict[str, Any]) -> Clearance:
        """Give the clearance."""
        return clearances.grant(by=actor(request), **said)

    def end(self, row: Clearance, by: User) -> None:
        """End the clearance."""
        clearances.end(clearance=row, by=by)


@admin.register(Membership)
class MembershipAdmin(DatedAdmin):
    """Who belongs to which unit; a care team's members reach its patients."""

    new_form = new.NewMembership
    list_display = ("person", "unit", "in_force", "starts_at", "ends_at", "granted_by")
    list_filter = ("unit",)
    list_select_related = ("user", "unit", "granted_by")
    ordering = ("-starts_at",)
    fields = readonly_fields = (
        "person", "unit", "starts_at", "ends_at", "granted_by", "ended_by",
    )  # fmt: skip

    def make(self, request: HttpRequest, said: dict[str, Any]) -> Membership:
        """Let the person join."""
        return units.join(by=actor(request), **said)

    def end(self, row: Membership, by: User) -> None:
        """Let the person leave."""
        units.leave(membership=row, by=by)


@admin.register(Unit)
class UnitAdmin(DeedAdmin):
    """Parts of the organisation."""

    new_form = new.NewUnit
    step_up = False
    list_display = ("name", "name_zh", "kind", "parent", "is_active")
    list_filter = ("kind", "is_active")
    list_select_related = ("parent",)
    ordering = ("name",)
    fields = readonly_fields = ("name", "name_zh", "kind", "parent", "is_active")
    actions = ("close",)

    def make(self, request: HttpRequest, said: dict[str, Any]) -> Unit:
        """Make the unit."""
        return units.create(by=actor(request), **said)

    @admin.action(description=gettext_lazy("Close the unit"), permissions=["manage"])
    def close(self, request: HttpRequest, rows: QuerySet[Unit]) -> None:
        """Close the chosen units; memberships in them end."""
        self.each(request, rows, lambda row: units.close(unit=row, by=actor(request)))


@admin.register(DataKey)
class DataKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """How many keys there are, by scope and root version; a key itself is shown nowhere."""

    step_up = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: keys are made by the sealing layer."""
        return False

    has_change_permission = has_delete_permission = lambda self, request, obj=None: False

    def get_urls(self) -> list[URLPattern]:
        """Return the page of counts alone; there is no page of one key."""
        return [url for url in super().get_urls() if str(url.name).endswith("_changelist")]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the counts."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        counted = (
            DataKey.objects.values("subject_kind", "scope", "kek_version")
            .annotate(in_force=Count("wrapped"), ever=Count("id"))
            .order_by("subject_kind", "scope", "kek_version")
        )
        said = [
            {
                **row,
                "subject_kind": WHOSE[SubjectKind(row["subject_kind"])],
                "scope": SCOPES[Scope(row["scope"])],
            }
            for row in counted
        ]
        page = {**self.admin_site.each_context(request), "opts": self.opts, "counted": said}
        page["title"] = _("Data keys")
        return TemplateResponse(request, "admin/security/keys.html", page)
