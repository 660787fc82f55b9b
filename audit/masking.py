"""What stands in the journal in the place of every value."""

from __future__ import annotations

MASK = "•••"


def constant(value: str) -> str:
    """Return the same mask for every value; neither its text nor its length shows."""
    del value
    return MASK
