"""Limits on guessing, by keyed hashes: per source, per account and source, per account in total.

An attempt is counted before it is made, under a row lock, so that parallel guesses count too. The
counts live in the database: dropping cookies changes nothing. A browser that signed in to an
account before is counted alone, so that a stranger's failures never slow its owner.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from security.models import Throttle
from security.sealing import keyring

MEMORY = timedelta(days=1)
IPV6_NETWORK = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures are free, how long the first wait is, and how long the longest."""

    name: str
    free: int
    first: timedelta
    longest: timedelta

    def wait_after(self, failures: int) -> timedelta:
        """Return the wait after so many failures: nothing at first, then twice as long each time."""
        if failures < self.free:
            return timedelta()
        doubled: int = 2 ** min(failures - self.free, 16)
        return min(self.first * doubled, self.longest)


@dataclass(frozen=True, slots=True)
class Counter:
    """One thing that is counted, under a keyed hash: a thief of the table learns no name."""

    limit: Limit
    of: str

    @property
    def key(self) -> bytes:
        """Return the 16 bytes under which failures are counted."""
        return keyring.index_digest("throttle", f"{self.limit.name} {self.of}")[:16]


# A clinic signs in from one address in the morning, so the source alone gets more room.
SOURCE = Limit("source", 40, timedelta(seconds=30), timedelta(minutes=15))
PAIR = Limit("account and source", 5, timedelta(seconds=30), timedelta(minutes=15))
# Strangers can make an account's owner wait, at a new browser only, and never longer than a minute.
ACCOUNT = Limit("account", 20, timedelta(seconds=15), timedelta(minutes=1))
BROWSER = Limit("known browser", 8, timedelta(seconds=30), timedelta(minutes=15))
OWN = Limit("own password", 5, timedelta(seconds=30), timedelta(minutes=15))
PENDING = Limit("pending sign-in", 5, timedelta(seconds=30), timedelta(minutes=15))
FACTOR = Limit("factor", 10, timedelta(seconds=30), timedelta(hours=1))
FACTOR_BROWSER = Limit("factor from known browser", 8, timedelta(seconds=30), timedelta(minutes=15))
# One pending sign-in ends after so many wrong codes, and an account's guesses raise an event.
PENDING_STOP = 10
FACTOR_STOP = 20


def source_of(address: str) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 that one IPv6 customer owns."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, IPV6_NETWORK), strict=False))
    return str(found)


@transaction.atomic
def take(counters: Sequence[Counter]) -> timedelta | None:
    """Count one attempt under every counter before it is made; return the wait if it may not be."""
    by_key = {counter.key: counter for counter in counters}
    wait = _wait(Throttle.objects.filter(key__in=by_key))
    if wait:
        return wait
    now = timezone.now()
    Throttle.objects.bulk_create(
        [Throttle(key=key, first_at=now, last_at=now) for key in sorted(by_key)],
        ignore_conflicts=True,
    )
    rows = list(Throttle.objects.select_for_update().filter(key__in=by_key).order_by("key"))
    wait = _wait(rows)
    if wait:
        return wait
    for row in rows:
        if now - row.last_at > MEMORY:
            row.failures, row.first_at = 0, now
        row.failures, row.last_at = row.failures + 1, now
        pause = by_key[bytes(row.key)].limit.wait_after(row.failures)
        row.blocked_until = now + pause if pause else None
    Throttle.objects.bulk_update(rows, ["failures", "first_at", "last_at", "blocked_until"])
    return None


def _wait(rows: object) -> timedelta | None:
    now = timezone.now()
    ends = [row.blocked_until for row in rows if row.blocked_until]  # type: ignore[attr-defined]
    wait = max((end - now for end in ends), default=timedelta())
    return wait if wait > timedelta() else None


def failures(counter: Counter) -> int:
    """Return how many failures a counter holds."""
    found = Throttle.objects.filter(key=counter.key).values_list("failures", flat=True).first()
    return found or 0


@transaction.atomic
def forgive(amounts: Mapping[Counter, int | None]) -> None:
    """Take failures back after a success: so many of each counter, or all of them."""
    by_key = {counter.key: amount for counter, amount in amounts.items()}
    rows = list(Throttle.objects.select_for_update().filter(key__in=by_key).order_by("key"))
    for row in rows:
        amount = by_key[bytes(row.key)]
        row.failures = 0 if amount is None else max(0, row.failures - amount)
        row.blocked_until = None
    Throttle.objects.bulk_update(rows, ["failures", "blocked_until"])


def sweep() -> int:
    """Delete counters that nobody added to for a day."""
    old = Throttle.objects.filter(last_at__lt=timezone.now() - MEMORY)
    return old.delete()[0]


def sentence(wait: timedelta) -> str:
    """Return how long to wait, for people."""
    if wait <= timedelta(minutes=1):
        return _("Too many attempts. Try again in a minute.")
    minutes = ceil(wait.total_seconds() / 60)
    return ngettext(
        "Too many attempts. Try again in %(minutes)d minute.",
        "Too many attempts. Try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}
