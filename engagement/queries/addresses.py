"""Addresses of the pages that a link in a message opens."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def link_to(name: str, token: str) -> str:
    """Return the address that opens a page for whoever has a token: of the configured host alone."""
    return f"{settings.BASE_URL}{reverse(f'engagement:{name}')}?t={token}"
