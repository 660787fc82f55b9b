"""What the scheduler hands out, and how often; seconds, or a time of the day (UTC)."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

HANDED_OUT: dict[str, dict[str, Any]] = {
    "review-emergencies": {
        "task": "audit.reviews.gather",
        "schedule": 20.0,
        "options": {"expires": 20.0},
    },
    "deliver-outbox": {"task": "security.delivery.drain", "schedule": 30.0},
    "queue-reminders": {
        "task": "engagement.reminders.queue",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "plan-reminders": {"task": "engagement.reminders.plan_missing", "schedule": 300.0},
    "sweep-exports": {"task": "security.exports.sweep", "schedule": 60.0},
    "sweep-security": {"task": "security.sweep", "schedule": 3600.0},
    "tell-alive": {"task": "audit.tell_alive", "schedule": 15.0, "options": {"expires": 15.0}},
    "send-heads": {"task": "audit.send_heads", "schedule": 15.0, "options": {"expires": 15.0}},
    "record-alive": {"task": "audit.record_alive", "schedule": 300.0, "options": {"expires": 60.0}},
    # Every 20 s: an alert stands within a minute of its event.
    "watch-trail": {
        "task": "audit.monitoring.watch",
        "schedule": 20.0,
        "options": {"expires": 20.0},
    },
    "watch-trail-again": {"task": "audit.monitoring.look_again", "schedule": 24 * 3600.0},
    "work-on-reports": {
        "task": "audit.reports.work",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "sweep-copies": {"task": "consent.copies.sweep", "schedule": 120.0},
    "work-on-consent-effects": {
        "task": "consent.effects.run",
        "schedule": 20.0,
        "options": {"expires": 20.0},
    },
    "end-consents": {"task": "consent.nightly", "schedule": crontab(hour=0, minute=25)},
    # Offers of times that began, entries whose days are over, claims of times long past.
    "sweep-appointments": {"task": "engagement.appointments.sweep", "schedule": 600.0},
    "sweep-patients": {"task": "patients.sweep", "schedule": 3600.0},
    "invite-to-surveys": {
        "task": "engagement.surveys.invite",
        "schedule": 900.0,
        "options": {"expires": 900.0},
    },
    # Hourly: what is late today is told of on the day that it is in the clinic's zone.
    "remind-of-complaints": {"task": "engagement.complaints.remind", "schedule": 3600.0},
    "purge-leads": {"task": "engagement.leads.purge", "schedule": crontab(hour=0, minute=45)},
    "work-on-erasures": {
        "task": "consent.erasures.work",
        "schedule": 20.0,
        "options": {"expires": 20.0},
    },
    "settle-erasures": {"task": "consent.erasures.settle", "schedule": 3600.0},
    "remind-executors": {
        "task": "engagement.tasks.remind",
        "schedule": 600.0,
        "options": {"expires": 600.0},
    },
    "start-follow-up": {
        "task": "engagement.plans.nightly",
        "schedule": crontab(hour=0, minute=50),
    },
    "back-up": {"task": "security.backups.nightly", "schedule": crontab(hour=1, minute=40)},
    # Hourly: what is due today is told of on the day that it is in the clinic's zone.
    "escalate-requests": {"task": "consent.requests.escalate", "schedule": 3600.0},
    "escalate-messages": {"task": "engagement.threads.escalate", "schedule": 600.0},
    "check-posture": {"task": "security.posture.check", "schedule": crontab(hour=4, minute=20)},
    "verify-records": {"task": "audit.records.verify", "schedule": crontab(hour=3, minute=10)},
    "go-on-with-records": {"task": "audit.records.go_on", "schedule": 900.0},
    # Fills the register after an update brought a purpose; measures weekly, and goes on where it stopped.
    "ship-purposes": {"task": "consent.purposes.ship", "schedule": 3600.0},
    "measure-fields": {
        "task": "consent.meter.measure",
        "schedule": crontab(hour=2, minute=50, day_of_week="sun"),
    },
    "go-on-measuring": {"task": "consent.meter.go_on", "schedule": 900.0},
    "work-on-campaigns": {
        "task": "engagement.campaigns.work",
        "schedule": 20.0,
        "options": {"expires": 20.0},
    },
    # In the morning (UTC): whoever agrees has the day for it.
    "prepare-tip": {"task": "engagement.tips.prepare", "schedule": crontab(hour=5, minute=15)},
    # Takes up what a process that died has left; a tick that no worker took in time is worth nothing.
    "work-on-imports": {
        "task": "patients.imports.work",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
}
