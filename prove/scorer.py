"""Replays the rules over a generated history: recall by snooper, ordinary accesses flagged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from audit.models import Access, Alert
from audit.services import monitoring
from prove.accesses import SHAPES, Told
from prove.clinic import Clinic


@dataclass
class Score:
    """What the rules found."""

    found: Counter[str]
    planted: Counter[str]
    ordinary: int
    flagged: int
    unexplained: int
    alerts: Counter[str]
    notes: int
    # Rule -> ordinary accesses that stand in its alerts.
    flagged_by: Counter[str]

    @property
    def recall(self) -> float:
        """Return the share of snoopers with an alert that names what they snooped."""
        return self.found.total() / max(1, self.planted.total())

    def of_shape(self, shape: str) -> float:
        """Return the recall of one shape."""
        return self.found[shape] / max(1, self.planted[shape])

    @property
    def flagged_share(self) -> float:
        """Return the share of ordinary accesses that stand in an alert."""
        return self.flagged / max(1, self.ordinary)

    def lines(self) -> Iterator[str]:
        """Yield the result as a table."""
        yield f"{'shape':<16}{'planted':>8}{'found':>8}{'recall':>8}"
        for shape in SHAPES:
            yield f"{shape:<16}{self.planted[shape]:>8}{self.found[shape]:>8}{self.of_shape(shape):>8.2f}"
        yield f"{'all':<16}{self.planted.total():>8}{self.found.total():>8}{self.recall:>8.3f}"
        share = self.unexplained / max(1, self.ordinary)
        yield f"ordinary accesses {self.ordinary}, unexplained {share:.1%}, flagged {self.flagged_share:.2%}"
        by_rule = ", ".join(f"{rule} {count}" for rule, count in sorted(self.alerts.items()))
        yield f"alerts: {by_rule}; notes {self.notes}"
        by_rule = ", ".join(f"{rule} {count}" for rule, count in sorted(self.flagged_by.items()))
        yield f"ordinary accesses flagged by rule: {by_rule}"


def score(
    clinic: Clinic, told: Told, progress: Callable[[timedelta], object] | None = None
) -> Score:
    """Replay the rules over the history and compare their alerts with what was planted."""
    end = clinic.start + timedelta(days=clinic.days + 1)
    monitoring.replay(since=clinic.start, until=end, progress=progress)
    flagged: set[UUID] = set()
    alerts: Counter[str] = Counter()
    flagged_by: Counter[str] = Counter()
    loud = Alert.objects.exclude(response=Alert.Response.NOTE)
    for rule, events in loud.values_list("rule", "events").iterator(chunk_size=500):
        alerts[rule] += 1
        flagged_by[rule] += len(told.ordinary.intersection(events))
        flagged.update(events)
    found: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    for (shape, _number, _who), events in told.snooped.items():
        planted[shape] += 1
        found[shape] += bool(events & flagged)
    unexplained = set(Access.objects.filter(ground="").values_list("event_id", flat=True))
    return Score(
        found, planted, len(told.ordinary), len(told.ordinary & flagged),
        len(told.ordinary & unexplained), alerts,
        Alert.objects.filter(response=Alert.Response.NOTE).count(), flagged_by,
    )  # fmt: skip
