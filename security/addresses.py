"""Client addresses (the trail's helper replaces this body)."""

from __future__ import annotations

from collections.abc import Sequence


def client_address(remote_addr: str, forwarded_for: str, trusted_proxies: Sequence[str]) -> str:
    """Return the address of the client."""
    return remote_addr
