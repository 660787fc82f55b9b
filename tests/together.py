"""Deeds that start at the same moment, each in a thread and a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from security.access.gate import Refused
from tests.security.people import acting


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Run deeds in threads that start together; return what each returned or was refused with."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        try:
            with acting():
                start.wait(timeout=10)
                return deed()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def split(answers: list[Any]) -> tuple[list[Any], list[Refused]]:
    """Return what was done, and what was refused."""
    refused = [one for one in answers if isinstance(one, Refused)]
    return [one for one in answers if not isinstance(one, Refused)], refused
