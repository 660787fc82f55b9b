"""Rules about what patients and the checks of the product itself report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from audit.monitors.conduct import told
from security.monitoring import Batch, Finding, Response, Rule, Seen, rule

DAY = timedelta(days=1)
QUESTIONED = "audit.access.questioned"
FOUND_WRONG = (
    "audit.anchor.failed",
    "audit.records.found_tampered",
    "security.backup.failed",
    "security.posture.worsened",
)


@rule(
    "R21",
    words=_("Not recognised"),
    why=_("A patient does not recognise an access to the own record."),
    threshold=1,
    window=DAY,
    weight=2.0,
    response=Response.ALERT,
    is_doubled=False,
)
def questioned(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find accesses that somebody asked about (GDPR 15, PIPL 45)."""
    for one in batch.events:
        if one.action == QUESTIONED:
            # The patient comes first, then whose access it was, if it was a person's.
            actor = one.subjects[1] if len(one.subjects) > 1 else None
            yield told(actor, [one], f"{one.object_id}")


@rule(
    "R22",
    words=_("A check found something"),
    why=_("Records, backups, anchors or settings are not as they should be."),
    threshold=1,
    window=DAY,
    weight=2.0,
    response=Response.ALERT,
    is_doubled=False,
)
def found_wrong(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find what the checks of the product itself report: an alert for each kind and day."""
    found: dict[str, list[Seen]] = {}
    for one in batch.events:
        if one.action in FOUND_WRONG:
            found.setdefault(f"{one.action}:{one.object_id or ''}:{one.at:%Y-%m-%d}", []).append(
                one
            )
    for key, events in found.items():
        yield told(None, events, key)
