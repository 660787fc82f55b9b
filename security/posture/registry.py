"""The register of checks, filled at start-up by every app's `posture` module."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security.models import Evidence

Outcome = Evidence.Outcome
ORDER = (Outcome.GOOD, Outcome.UNKNOWN, Outcome.WARN, Outcome.BAD)
FAILED = "check_failed"
FAILED_SAYS = _("The check itself failed (%(error)s); see the log.")
# Of a long list of facts the evidence keeps so many.
MOST_NOTES = 50


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a check saw: a sentence by its code, and what stands in it; nothing of a person."""

    outcome: Outcome
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check saw; its outcome is the worst of its notes."""

    notes: Sequence[Note]

    @property
    def outcome(self) -> Outcome:
        """Return the worst outcome."""
        return max((note.outcome for note in self.notes), key=ORDER.index, default=Outcome.UNKNOWN)

    def stored(self) -> list[dict[str, Any]]:
        """Return the notes as evidence keeps them, the worst first."""
        ordered = sorted(self.notes, key=lambda note: -ORDER.index(note.outcome))
        return [
            {"outcome": str(note.outcome), "code": note.code, "facts": dict(note.facts)}
            for note in ordered[:MOST_NOTES]
        ]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, what it looks at, how it judges, and its sentences."""

    key: str
    label: Promise
    looks_at: Promise
    judge: Callable[[], Judgement]
    says: Mapping[str, Promise]

    def sentence(self, note: Mapping[str, Any]) -> str:
        """Return the sentence of a stored note; the code where a later version knows another sentence."""
        says = FAILED_SAYS if note["code"] == FAILED else self.says.get(note["code"])
        try:
            return str(says) % note["facts"] if says is not None else str(note["code"])
        except (KeyError, TypeError, ValueError):
            return str(note["code"])


_checks: dict[str, Check] = {}


def register(*found: Check) -> None:
    """Add checks; the same key again replaces the check."""
    _checks.update({check.key: check for check in found})


def checks() -> list[Check]:
    """Return every check, in the order in which they were registered."""
    return list(_checks.values())
