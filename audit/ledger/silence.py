"""Silence of the trail: where a sign of life that is recorded every five minutes did not come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

HEARTBEAT = "audit.heartbeat.sent"
# Three signs of life that did not come are no busy queue any more.
LONGEST = timedelta(minutes=15)
GAPS = """
SELECT earlier, later FROM (
    SELECT recorded_at AS later, lag(recorded_at) OVER (ORDER BY recorded_at) AS earlier
    FROM (SELECT recorded_at FROM audit_event WHERE action = %(action)s
          UNION ALL SELECT issued_at FROM audit_checkpoint
          WHERE number = (SELECT max(number) FROM audit_checkpoint)) AS signs
) AS steps WHERE later - earlier > make_interval(secs => %(seconds)s) ORDER BY later
"""


class Gap(NamedTuple):
    """From the last sign of life to the next one, or to the newest head."""

    since: datetime
    until: datetime

    def __str__(self) -> str:
        """Return from when to when, in whole seconds."""
        times = (one.isoformat(timespec="seconds") for one in self)
        return " – ".join(times)


def gaps(longest: timedelta = LONGEST, on: BaseDatabaseWrapper | None = None) -> list[Gap]:
    """Return where the trail was silent for longer; nothing that is there is wrong for that.

    Events may have been recorded meanwhile: worker or scheduler stood still, or somebody kept the trail from
    being written. Whoever removes signs of life that were sealed is found by their entries.
    """
    with (on or connections["default"]).cursor() as cursor:
        cursor.execute(GAPS, {"action": HEARTBEAT, "seconds": longest.total_seconds()})
        return [Gap(*row) for row in cursor.fetchall()]
