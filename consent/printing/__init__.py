"""Pages of consent and rights for paper, set by typst in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from security import printing
from security.printing import NotPrintable

__all__ = ["NotPrintable", "assessment"]

TEMPLATE = Path(__file__).parent / "assessment.typ"


def assessment(content: Mapping[str, Any]) -> bytes:
    """Return an impact assessment as PDF."""
    return printing.pdf(TEMPLATE, content)
