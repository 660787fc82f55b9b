"""What of engagement the compliance desk is told of at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from security.monitoring import Batch, Finding, Response, Rule, rule

REPORTED = "engagement.concern.reported"


@rule(
    "R23",
    words=_("Concern about security"),
    why=_(
        "Somebody told the clinic of a concern about data or security; its words are at the compliance desk."
    ),
    threshold=1,
    window=timedelta(days=1),
    weight=2.0,
    response=Response.ALERT,
    is_doubled=False,
)
def reported(batch: Batch, rule: Rule) -> Iterator[Finding]:
    """Find concerns that patients and colleagues told of, each an alert of its own."""
    for one in batch.events:
        if one.action == REPORTED:
            # Nobody's doing is looked at yet: who wrote it down is no suspect.
            yield Finding(None, one.at, [one.id], list(one.subjects), f"{one.object_id}")
