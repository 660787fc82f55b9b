"""Work of the engagement app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from engagement.models import Campaign, CampaignRecipient
from engagement.services import sendings, tips
from security import trail

log = logging.getLogger(__name__)


@shared_task(name="engagement.campaigns.work")
def work_on_campaigns() -> int:
    """Begin what is due, send what may be sent now, write down what became of it."""
    done = 0
    with trail.acting_for(system="engagement.campaigns", purpose="HOPERAT"):
        sendings.begin_due()
        under_way = Campaign.objects.filter(recipients__state=CampaignRecipient.State.QUEUED)
        for campaign_id in under_way.values_list("pk", flat=True).distinct():
            sendings.settle(campaign_id)
        running = Campaign.objects.filter(state=Campaign.State.RUNNING).order_by("send_at", "pk")
        for campaign_id in running.values_list("pk", flat=True):
            done += sendings.work(campaign_id)
            sendings.finish(campaign_id)
    if done:
        log.info("dealt with %d recipients of campaigns", done)
    return done


@shared_task(name="engagement.tips.prepare")
def prepare_tip() -> bool:
    """Prepare the security tip of the month once its day comes near."""
    with trail.acting_for(system="engagement.tips", purpose="HOPERAT"):
        return tips.prepare() is not None
