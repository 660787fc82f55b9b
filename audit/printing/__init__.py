"""Audit reports and letters for paper, set by typst in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from security import printing
from security.printing import NotPrintable

__all__ = ["LANGUAGES", "NotPrintable", "letter", "report"]

# The languages of paper, as Django calls them.
LANGUAGES = {"en": "en", "zh": "zh-hans"}

TEMPLATES = Path(__file__).parent


def report(content: Mapping[str, Any]) -> bytes:
    """Return an audit report as PDF."""
    return printing.pdf(TEMPLATES / "report.typ", content)


def letter(content: Mapping[str, Any]) -> bytes:
    """Return a letter to a patient as PDF."""
    return printing.pdf(TEMPLATES / "letter.typ", content)
