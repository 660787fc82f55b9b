"""Bounds of a talk with another machine: for connecting, for each answer, and for all of it together.

An answer that comes letter by letter never times out by itself, so a timer cuts the line.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Self

from django.conf import settings


class TooLong(OSError):
    """The whole talk took longer than it may."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds: to connect, between two parts of an answer, and for everything."""

    connect: float
    read: float
    whole: float


def bounds() -> Bounds:
    """Return the bounds that are configured."""
    return Bounds(*settings.DELIVERY_SECONDS)


class Watch:
    """Holds one talk to its bounds; leaving it cuts nothing that is over."""

    def __init__(self) -> None:
        self._bounds = bounds()
        self._ends = monotonic() + self._bounds.whole
        self._line: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(self._bounds.whole, self._cut)
        self._timer.daemon = True
        self.is_cut = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        with self._lock:
            if self._line is not None:
                self._line.close()
                self._line = None
        if self.is_cut and isinstance(error, Exception):
            raise TooLong("the answer takes too long") from None

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a line to a machine, at the first of its addresses that answers in time."""
        failure: OSError = TooLong("no time is left")
        for family, kind, protocol, _name, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            left = self._ends - monotonic()
            if left <= 0:
                break
            line = socket.socket(family, kind, protocol)
            line.settimeout(min(self._bounds.connect, left))
            try:
                line.connect(address)
            except OSError as error:
                line.close()
                failure = error
                continue
            line.settimeout(self._bounds.read)
            with self._lock:
                # A second handle: TLS takes the first one over, and cutting must not wait for it.
                self._line = line.dup()
            return line
        raise failure

    def _cut(self) -> None:
        with self._lock:
            self.is_cut = True
            if self._line is not None:
                with suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)
