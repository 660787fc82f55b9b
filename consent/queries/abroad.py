"""Who must be asked before data cross a border: the register of crossings adds itself here at start-up.

A gate gets each crossing twice: to be checked while it is prepared, and to be counted in the transaction in
which the data leave; it refuses by raising `Refused`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from consent.models import Recipient


@dataclass(frozen=True, slots=True)
class Crossing:
    """Data of one patient on the way to a recipient abroad."""

    patient_id: UUID
    recipient: Recipient
    categories: frozenset[str]
    is_sensitive: bool
    # False while it is prepared, True as the data leave.
    is_leaving: bool


Gate = Callable[[Crossing], None]
gates: list[Gate] = []


def gate(ask: Gate) -> Gate:
    """Register who is asked about data that cross a border."""
    if ask not in gates:
        gates.append(ask)
    return ask


def ask_all(crossing: Crossing) -> None:
    """Ask everybody who is registered; the first who refuses stops it."""
    for ask in gates:
        ask(crossing)
