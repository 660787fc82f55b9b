"""The monthly security tip: a campaign that is prepared by the calendar and sent once somebody agreed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from engagement import library
from engagement.models import Campaign, ContactRule
from engagement.queries import contact_rules
from engagement.services import campaigns
from engagement.services.campaigns import NotFit, NotOpen

HOUR = time(10)
# Prepared so long before its day that somebody has time to agree.
BEFORE = timedelta(days=3)


@transaction.atomic
def prepare() -> Campaign | None:
    """Prepare this month's tip and lay it before a second person; once a month, nothing without a segment."""
    rule, today = contact_rules.current(), timezone.localdate()
    day = today.replace(day=rule.tip_day)
    if rule.tip_segment is None or not day - BEFORE <= today <= day:
        return None
    edition = f"tip:{today:%Y-%m}"
    if Campaign.objects.filter(edition=edition).exists():
        return None
    tip = library.tip_of(today)
    try:
        row = campaigns.add(content=_content(rule, tip, day), edition=edition, by=None)
        return campaigns.submit(campaign_id=row.pk, by=None)
    except (NotOpen, NotFit):
        return None


def _content(rule: ContactRule, tip: library.Page, day: date) -> dict[str, object]:
    return {
        "name": f"{tip.title} · {day:%Y-%m}"[:120], "lane": "tips", "channel": rule.tip_channel,
        "segment": rule.tip_segment, "content": tip.content(), "per_minute": 60,
        "send_at": timezone.make_aware(datetime.combine(day, HOUR)),
    }  # fmt: skip
