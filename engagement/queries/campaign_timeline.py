"""What campaigns sent to one person, as lines of the timeline; groups that the record chose are not told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from engagement import timeline
from engagement.lanes import LANES
from engagement.models import CampaignRecipient
from engagement.queries import exclusions
from engagement.timeline import Line, Source
from security.access.permissions import Permission


def lines(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
    """Return what was sent to a person before an instant, the newest first; one query."""
    rows = CampaignRecipient.objects.filter(
        patient_id=patient_id, queued_at__lt=before, campaign__segment__is_clinical=False
    )
    found = rows.select_related("campaign").defer("sealed").order_by("-queued_at", "-pk")[:most]
    return [_line(row) for row in found]


def _line(row: CampaignRecipient) -> Line:
    lane = str(LANES[row.campaign.lane].label)
    why = f" · {exclusions.sentence(row.reason)}" if row.reason else ""
    return Line(
        at=row.queued_at or row.created_at,
        row_id=row.pk,
        title=row.campaign.name,
        text=f"{lane} · {row.get_state_display()}{why}",
        url=reverse("engagement:campaign", args=[row.campaign_id]),
    )


def install() -> None:
    """Add what campaigns sent to the timeline."""
    timeline.add(
        Source("campaign", _("Campaigns"), "speakerphone", Permission.CAMPAIGNS_READ, lines)
    )
