"""Work of the engagement app without a request."""

from __future__ import annotations

import logging
from datetime import timedelta
from time import monotonic

from celery import shared_task
from django.utils import timezone

from engagement.models import Campaign, CampaignRecipient
from engagement.services import (
    claims,
    complaints,
    lead_deletions,
    reminders,
    sendings,
    surveys,
    task_reminders,
    templates,
    thread_escalations,
    tips,
    triggers,
    waiting,
)
from security import trail
from security.services import clinics

log = logging.getLogger(__name__)


@shared_task(name="engagement.threads.escalate")
def escalate_threads() -> int:
    """Tell inboxes of messages that wait too long."""
    with trail.acting_for(system="engagement.threads", purpose="HOPERAT"):
        count = thread_escalations.escalate()
    if count:
        log.info("told of %d conversations that wait too long", count)
    return count


@shared_task(name="engagement.tasks.remind")
def remind() -> None:
    """Tell executors of what is due, and units of what was not done."""
    with trail.acting_for(system="engagement.tasks", purpose="HOPERAT"):
        told = task_reminders.remind()
    log.info("told of tasks: %d, again %d, late %d", told.first, told.again, told.escalated)


@shared_task(name="engagement.plans.nightly")
def start_plans() -> int:
    """Bring in new shipped templates, then start the plans that rules ask for."""
    if clinics.profile() is None:
        return 0
    with trail.acting_for(system="engagement.plans", purpose="TREAT"):
        templates.ship()
        return triggers.follow()


@shared_task(name="engagement.surveys.invite")
def invite_to_surveys() -> int:
    """Ask those whose visit is over and who agreed to be asked."""
    with trail.acting_for(system="engagement.surveys", purpose="HOPERAT"):
        count = surveys.invite_due()
    if count:
        log.info("asked %d people after their visit", count)
    return count


@shared_task(name="engagement.complaints.remind")
def remind_of_complaints() -> int:
    """Tell owners of complaints that are late."""
    with trail.acting_for(system="engagement.complaints", purpose="HOPERAT"):
        return complaints.tell_late()


@shared_task(name="engagement.leads.purge")
def purge_leads() -> int:
    """Delete people who asked, never became patients, and whose day has come."""
    with trail.acting_for(system="engagement.leads", purpose="HCOMPL"):
        count = lead_deletions.purge()
    if count:
        log.info("deleted %d enquiries whose time was over", count)
    return count


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


# The time of an appointment that began so long ago is asked for by nobody.
CLAIMS_KEPT = timedelta(days=7)


@shared_task(name="engagement.appointments.sweep")
def sweep_appointments() -> None:
    """End offers and waits that are over, and drop the claims of times long past."""
    now = timezone.now()
    with trail.acting_for(system="engagement.appointments", purpose="HOPERAT"):
        over = waiting.sweep(now=now)
        count = claims.sweep(before=now - CLAIMS_KEPT)
    log.info("appointments: %d offers and waits over, %d claims dropped", over, count)


# A run ends before the next one begins.
TURN_SECONDS = 20.0


@shared_task(name="engagement.reminders.queue")
def queue_reminders() -> int:
    """Hand every reminder that is due to delivery."""
    done, until = 0, monotonic() + TURN_SECONDS
    with trail.acting_for(system="engagement.reminders", purpose="TREAT"):
        while monotonic() < until and reminders.queue_next() is not None:
            done += 1
    return done


@shared_task(name="engagement.reminders.plan_missing")
def plan_missing() -> int:
    """Plan reminders of appointments that have none, as imported ones."""
    with trail.acting_for(system="engagement.reminders", purpose="TREAT"):
        return reminders.plan_missing()
