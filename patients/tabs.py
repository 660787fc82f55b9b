"""Tabs that apps above add to a patient's page; told at start-up, for patients imports none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from security.access.permissions import Permission


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: its key, its name, the permissions of which one opens it, and the name of its address."""

    key: str
    label: Promise
    permissions: tuple[Permission, ...]
    url: str


_added: dict[str, Tab] = {}


def add(tab: Tab) -> None:
    """Add a tab behind those of patients; raise ValueError where another one has its key."""
    if _added.setdefault(tab.key, tab) != tab:
        raise ValueError(f"there is a tab {tab.key}")


def added() -> Sequence[Tab]:
    """Return what was added, in that order."""
    return tuple(_added.values())
