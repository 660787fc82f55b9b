"""Ctrl-C and its relatives, told apart and held back while something must not stop half-way."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """Somebody asked the launcher to end."""

    def __init__(self, number: int) -> None:
        """Keep which signal it was."""
        super().__init__(number)
        self.number = number


class Ear:
    """Receives the signals; while it is held they wait."""

    def __init__(self) -> None:
        """Start with nothing held and nothing waiting."""
        self.holds = 0
        self.waiting: int | None = None

    def listen(self) -> None:
        """Take over the signals, also where a shell started us with them ignored."""
        for number in SIGNALS:
            signal.signal(number, self.receive)

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Interrupt the launcher now, or when nothing is held any more."""
        if self.holds:
            self.waiting = number
            return
        raise Interrupted(number)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Finish this block before a signal counts."""
        self.holds += 1
        try:
            yield
        finally:
            self.holds -= 1
            if self.waiting is not None and not self.holds:
                number, self.waiting = self.waiting, None
                raise Interrupted(number)


ear = Ear()
