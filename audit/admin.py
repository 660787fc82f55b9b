"""The journal of settings in the admin, read only; events are not shown here."""

from __future__ import annotations

from typing import Any

from auditlog.models import LogEntry
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.permissions import Permission
from security.models import User

# Words of the library, which brings no Chinese.
SPOKEN = (
    gettext_noop("Audit log"), gettext_noop("object representation"), gettext_noop("action"),
    gettext_noop("timestamp"), gettext_noop("Correlation ID"), gettext_noop("create"),
    gettext_noop("update"), gettext_noop("delete"), gettext_noop("access"),
)  # fmt: skip

# The library's page searches names that our accounts do not have, and may cascade deletions.
admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class JournalAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows which setting was changed when and which of its fields; values are never kept."""

    list_display = ("timestamp", "object_repr", "action", "changed_fields")
    list_filter = ("action", ("content_type", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("content_type",)
    search_fields = ("object_pk", "cid")
    fields = readonly_fields = ("timestamp", "object_repr", "action", "changed_fields", "cid")
    actions = None

    @admin.display(description=_("changed fields"))
    def changed_fields(self, entry: LogEntry) -> str:
        """Return the names of the changed fields."""
        return ", ".join(sorted(entry.changes or {}))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow the filters that the list offers and no others: each is a question to the table."""
        offered = {one[0] if isinstance(one, tuple) else one for one in self.list_filter}
        return lookup.split("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the journal to whoever may read the administration."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        """Ask the roles: Django's permissions do not tell who may read the journal."""
        user = request.user
        return (
            isinstance(user, User)
            and reach_of_user(user, Permission.ADMINISTRATION_READ) is not Reach.NONE
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: only the journal writes."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        """Refuse: nothing is ever changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        """Refuse, also when something else is deleted with it."""
        return False
