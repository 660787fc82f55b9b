"""How accounts are called on screens."""

from __future__ import annotations

from security.models import User
from security.sealing.errors import SealBroken


def called(user: User | None) -> str:
    """Return how a colleague is called; by the public handle where the name can not be opened."""
    if user is None:
        return ""
    try:
        return user.display_name or user.handle
    except SealBroken:
        return user.handle
