"""Audit reports for paper, set by typst in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from security import printing
from security.printing import NotPrintable

__all__ = ["NotPrintable", "report"]

TEMPLATE = Path(__file__).parent / "report.typ"


def report(content: Mapping[str, Any]) -> bytes:
    """Return an audit report as PDF."""
    return printing.pdf(TEMPLATE, content)
