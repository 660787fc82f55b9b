"""The home page as a request gets it: gate, decision, rendering and read event, without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.messages.storage.base import BaseStorage
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone

from crm.views import home
from security import context
from security.models import User

FACTORY = RequestFactory()


def rendered(user: User, recent: Callable[..., dict[str, Any]]) -> Callable[[], None]:
    """Return an act that answers one request for the home page, its list read by `recent`."""

    def run() -> None:
        usual, home.lists.recent = home.lists.recent, recent
        try:
            with context.enter(context.Context(may_open=False)):
                response = home.home(_request(user.pk))
        finally:
            home.lists.recent = usual
        if response.status_code != 200 or response.content.count(b'class="c-person"') != 25:
            raise RuntimeError(f"not the page: {response.status_code}")

    return run


def opened(user: User, patient_id: UUID) -> Callable[[], None]:
    """Return an act that answers one request for the chart of a patient."""
    address = reverse("patients:patient", args=[patient_id])
    match = resolve(address)

    def run() -> None:
        with context.enter(context.Context(may_open=False)):
            response = match.func(_request(user.pk, address), *match.args, **match.kwargs)
        if response.status_code != 200:
            raise RuntimeError(f"not the page: {response.status_code}")

    return run


def _request(user_id: Any, address: str = "/") -> HttpRequest:
    request = FACTORY.get(address)
    request.resolver_match = resolve(address)
    request.user = User.objects.get(pk=user_id)
    request.user.is_verified = lambda: True  # type: ignore[attr-defined]
    request.session = {"factor_at": timezone.now().timestamp()}  # type: ignore[assignment]
    request._messages = _NoMessages(request)  # type: ignore[attr-defined]
    return request


class _NoMessages(BaseStorage):
    """Messages of a request without a session."""

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Any], bool]:
        return [], True

    def _store(self, messages: Any, response: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return []
