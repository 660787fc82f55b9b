"""A plug-in that runs the full counts of one step: what passed at this commit is not run again."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "results"


def commit() -> str:
    """Return the commit that is checked out, marked when files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "unversioned"


class Ledger:
    """What was proved so far, kept after each test so that a stopped run can go on."""

    def __init__(self, step: int) -> None:
        """Read what earlier runs at this commit have proved."""
        self.step, self.commit = step, commit()
        self.file = RESULTS / f"step-{step}.json"
        known = json.loads(self.file.read_text()) if self.file.exists() else {}
        resumes = known.get("commit") == self.commit and not self.commit.endswith("-dirty")
        self.passed: dict[str, float] = known["passed"] if resumes else {}
        self.failed: list[str] = []

    def note(self, report: pytest.TestReport) -> None:
        """Keep one outcome."""
        if report.when == "call" and report.passed:
            self.passed[report.nodeid] = round(report.duration, 1)
        elif not report.passed:
            self.failed.append(report.nodeid)
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({"commit": self.commit, "passed": self.passed}, indent=1))

    def lines(self, now: datetime.datetime) -> Iterator[str]:
        """Yield the dated result."""
        yield f"Full counts of step {self.step}, {now:%Y-%m-%d %H:%M} UTC, commit {self.commit}"
        yield f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        yield from (f"passed {seconds:9.1f} s  {name}" for name, seconds in self.passed.items())
        yield from (f"FAILED or skipped  {name}" for name in self.failed)


class Proving:
    """Chooses the tests of the step, keeps their outcomes, writes the result."""

    def __init__(self, step: int) -> None:
        """Open the ledger."""
        self.step, self.ledger = step, Ledger(step)

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep the tests with a full count for this step that have not passed yet."""
        chosen: list[pytest.Item] = []
        others: list[pytest.Item] = []
        for item in items:
            mark = item.get_closest_marker("prove")
            wanted = mark is not None and mark.kwargs["step"] == self.step
            (chosen if wanted and item.nodeid not in self.ledger.passed else others).append(item)
        config.hook.pytest_deselected(items=others)
        items[:] = chosen

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the outcome of one phase of one test."""
        self.ledger.note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the dated result and let a run with nothing left to do succeed."""
        now = datetime.datetime.now(datetime.UTC)
        RESULTS.mkdir(parents=True, exist_ok=True)
        self.result = RESULTS / f"step-{self.step}-{now:%Y-%m-%d}.txt"
        self.result.write_text("\n".join(self.ledger.lines(now)) + "\n")
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.ledger.passed:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the result lies."""
        terminalreporter.write_line(f"{len(self.ledger.passed)} proved in all: {self.result}")


def pytest_configure(config: pytest.Config) -> None:
    """Take part when a step is named."""
    if step := os.environ.get("CUSTODIA_PROVE"):
        config.pluginmanager.register(Proving(int(step)), "custodia-proving")
