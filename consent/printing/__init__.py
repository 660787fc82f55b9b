"""Pages of the consent app for paper, set by typst in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from security import printing
from security.printing import NotPrintable

__all__ = ["NotPrintable", "certificate"]

CERTIFICATE = Path(__file__).parent / "certificate.typ"


def certificate(content: Mapping[str, Any]) -> bytes:
    """Return a certificate of destruction as PDF."""
    return printing.pdf(CERTIFICATE, content)
