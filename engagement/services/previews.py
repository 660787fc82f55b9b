"""Working out whom something would reach, before anybody is written to; told on the trail, in numbers."""

from __future__ import annotations

from django.db import transaction

from engagement.models import Campaign, Segment
from engagement.queries import audience
from engagement.queries.audience import Asking, Counts
from engagement.services import segments
from security import trail
from security.models import User


@transaction.atomic
def of_segment(*, segment: Segment, lane: str, channel: str, by: User) -> Counts:
    """Work out whom a segment reaches in a lane by a way."""
    return _counted(segment, audience.asking_for(lane, channel), by)


@transaction.atomic
def of_campaign(*, campaign: Campaign, by: User) -> Counts:
    """Work out whom a campaign reaches as it stands now."""
    return _counted(campaign.segment, audience.asking(campaign), by)


def _counted(segment: Segment, asked: Asking, by: User) -> Counts:
    segments.require_usable(segment)
    found = audience.counts(segment, asked)
    trail.record(
        "engagement.segment.counted",
        by=by,
        obj=segment,
        counts={"people": found.people, "reached": found.reached},
    )
    return found
