"""Alternating rounds, medians, and the noise of the run itself."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from tqdm import tqdm

Act = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """One comparison: how long ours takes against its twin, and how much the twin differs from itself."""

    title: str
    ours: float
    twin: float
    noise: float
    goal: float

    @property
    def ratio(self) -> float:
        """Return ours as a multiple of the twin."""
        return self.ours / self.twin

    @property
    def is_met(self) -> bool:
        """Tell whether the goal is met."""
        return self.ratio <= self.goal

    def __str__(self) -> str:
        """Return the line as it is printed."""
        verdict = "met" if self.is_met else "NOT MET"
        return (
            f"{self.title:58} {self.ours * 1000:8.2f} ms {self.twin * 1000:8.2f} ms"
            f"   {self.ratio:5.2f}x  (goal {self.goal:.2f}x, noise {self.noise:.2f}x)  {verdict}"
        )


def compare(title: str, ours: Act, twin: Act, *, goal: float, rounds: int, repeat: int = 5) -> Line:
    """Time two acts in alternating rounds; the twin runs twice a round, so that its own noise shows."""
    times: dict[str, list[float]] = {"ours": [], "twin": [], "again": []}
    acts = [("ours", ours), ("twin", twin), ("again", twin)]
    for _, act in acts:
        act()
    for number in tqdm(range(rounds), desc=title[:40], unit="round", leave=False):
        turn = number % len(acts)
        for name, act in acts[turn:] + acts[:turn]:
            started = time.perf_counter()
            for _ in range(repeat):
                act()
            times[name].append((time.perf_counter() - started) / repeat)
    median = {name: statistics.median(values) for name, values in times.items()}
    base = (median["twin"] + median["again"]) / 2
    noise = max(median["twin"], median["again"]) / min(median["twin"], median["again"])
    return Line(title, median["ours"], base, noise, goal)
