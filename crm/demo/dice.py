"""Draws that look random and are the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")
SPAN = 1 << 64


class Dice:
    """A stream of draws named by its seed: same seed, same stream, whatever Python is used."""

    def __init__(self, seed: str) -> None:
        """Start the stream of a seed."""
        self.seed = seed
        self.drawn = 0

    def share(self) -> float:
        """Draw a share between 0 and 1, 1 left out."""
        self.drawn += 1
        digest = sha256(f"{self.seed}/{self.drawn}".encode()).digest()
        return int.from_bytes(digest[:8], "big") / SPAN

    def between(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return low + int(self.share() * (high - low + 1))

    def real(self, low: float, high: float) -> float:
        """Draw a real number; values near the middle come more often, as in people."""
        return low + (self.share() + self.share()) / 2 * (high - low)

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of the options."""
        return options[int(self.share() * len(options))]

    def chance(self, odds: float) -> bool:
        """Say yes in this share of the draws."""
        return self.share() < odds
