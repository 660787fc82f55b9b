"""The clinic's limits on writing to people: what they are, whether it is quiet, who got enough."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from engagement.lanes import CAPPED
from engagement.models import CampaignRecipient, ContactRule

State = CampaignRecipient.State


def current() -> ContactRule:
    """Return the limits; those that are shipped where nobody set any."""
    return ContactRule.objects.select_related("tip_segment").first() or ContactRule()


def is_quiet(rule: ContactRule, at: datetime) -> bool:
    """Tell whether nobody is written to at an instant; equal hours mean that it is never quiet."""
    now = timezone.localtime(at).strftime("%H:%M")
    begin, end = rule.quiet_from, rule.quiet_until
    if begin == end:
        return False
    return begin <= now < end if begin < end else now >= begin or now < end


def quiet_until(rule: ContactRule, at: datetime) -> datetime | None:
    """Return when the quiet hours end that hold at an instant, None where none hold."""
    if not is_quiet(rule, at):
        return None
    local = timezone.localtime(at)
    hour, minute = map(int, rule.quiet_until.split(":"))
    end = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)


def had_enough(
    rule: ContactRule, patient_ids: Collection[UUID], *, but: UUID | None = None
) -> set[UUID]:
    """Return who got as many messages that count as the clinic sends within its days; one query."""
    since = timezone.now() - timedelta(days=rule.days)
    rows = CampaignRecipient.objects.filter(
        patient_id__in=patient_ids, queued_at__gte=since, state__in=(State.QUEUED, State.SENT),
        campaign__lane__in=CAPPED,
    )  # fmt: skip
    if but is not None:
        rows = rows.exclude(campaign_id=but)
    counted = rows.values("patient_id").annotate(number=Count("pk"))
    return set(counted.filter(number__gte=rule.most).values_list("patient_id", flat=True))
