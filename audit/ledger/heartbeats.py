"""Signs of life of sealer and worker, which the web process reads: silence must show within a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

SEALER, WORKER = "sealer", "worker"
# Sealer and worker beat every few seconds; who was not heard for so long is shown as silent.
SILENT_AFTER = timedelta(seconds=45)
BEAT = """
INSERT INTO audit_heartbeat (process, beaten_at, trouble) VALUES (%s, %s, %s)
ON CONFLICT (process) DO UPDATE SET beaten_at = excluded.beaten_at, trouble = excluded.trouble
"""
ANCHORED = """
INSERT INTO audit_anchor (name, tried_at, succeeded_at, checkpoint, failures, failure)
VALUES (%(name)s, %(now)s, CASE WHEN %(failure)s = '' THEN %(now)s END, %(checkpoint)s,
    (%(failure)s <> '')::int, %(failure)s)
ON CONFLICT (name) DO UPDATE SET tried_at = excluded.tried_at, failure = excluded.failure,
    succeeded_at = coalesce(excluded.succeeded_at, audit_anchor.succeeded_at),
    checkpoint = CASE WHEN excluded.failure = '' THEN excluded.checkpoint ELSE audit_anchor.checkpoint END,
    failures = CASE WHEN excluded.failure = '' THEN 0 ELSE audit_anchor.failures + 1 END
"""


def beat(process: str, trouble: str = "", on: BaseDatabaseWrapper | None = None) -> None:
    """Tell that a process is alive, and what keeps it from its work."""
    with (on or connections["default"]).cursor() as cursor:
        cursor.execute(BEAT, [process, datetime.now(UTC), trouble[:200]])


def anchored(
    name: str, checkpoint: int, failure: str = "", on: BaseDatabaseWrapper | None = None
) -> None:
    """Keep how sending a head to an anchor went."""
    values: dict[str, Any] = {
        "name": name,
        "now": datetime.now(UTC),
        "checkpoint": 0 if failure else checkpoint,
        "failure": failure[:60],
    }
    with (on or connections["default"]).cursor() as cursor:
        cursor.execute(ANCHORED, values)
