"""Pages of consent and rights for paper, set by typst in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from security import printing
from security.printing import NotPrintable

__all__ = ["NotPrintable", "pdf"]

TEMPLATES = Path(__file__).parent


def pdf(template: str, content: Mapping[str, Any]) -> bytes:
    """Return a page as PDF; the content is data to the template, never a part of its program."""
    return printing.pdf(TEMPLATES / f"{template}.typ", content)
