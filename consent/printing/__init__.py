"""Letters about requests for paper, set by typst in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from security import printing
from security.printing import NotPrintable

__all__ = ["NotPrintable", "letter"]

TEMPLATE = Path(__file__).parent / "letter.typ"


def letter(content: Mapping[str, Any]) -> bytes:
    """Return a letter as PDF."""
    return printing.pdf(TEMPLATE, content)
