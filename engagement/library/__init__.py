"""Texts that come with the product: a security tip for each month of two years, notices about policies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engagement.library.page import Page
from engagement.library.policies import POLICIES
from engagement.library.tips import TIPS

__all__ = ["PAGES", "POLICIES", "TIPS", "Page", "tip_of"]

PAGES: Mapping[str, Page] = {one.key: one for one in (*TIPS, *POLICIES)}


def tip_of(day: date) -> Page:
    """Return the tip of a month; after two years they begin again."""
    return TIPS[(day.year * 12 + day.month - 1) % len(TIPS)]
