"""Django's view of who is signed in; `services/sign_in.py` alone checks passwords and codes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest

from security.access.decision import actor_refusal
from security.models import User


class SignInBackend(ModelBackend):
    """Loads the account of a session and answers model permissions from its groups."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:  # type: ignore[override]
        """Sign nobody in: there is one way in, and it asks for both factors."""
        return

    def user_can_authenticate(self, user: Any) -> bool:
        """Tell whether the account is neither disabled nor ended; asked on every request."""
        return isinstance(user, User) and actor_refusal(user) is None

    def _get_permissions(self, user_obj: Any, obj: Any, from_name: str) -> set[str]:
        # Django's own gives a superuser everything; here only groups and direct grants count.
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        name = f"_{from_name}_perm_cache"
        if not hasattr(user_obj, name):
            found: QuerySet[Permission] = getattr(self, f"_get_{from_name}_permissions")(user_obj)
            pairs = found.values_list("content_type__app_label", "codename").order_by()
            setattr(user_obj, name, {f"{label}.{codename}" for label, codename in pairs})
        held: set[str] = getattr(user_obj, name)
        return held
