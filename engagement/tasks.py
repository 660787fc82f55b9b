"""Work of the engagement app without a request."""

from __future__ import annotations

import logging

from celery import shared_task

from engagement.services import task_reminders, templates, triggers
from security import trail
from security.services import clinics

log = logging.getLogger(__name__)


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
