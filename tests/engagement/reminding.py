"""Appointments of tests, made as rows: their deeds belong to another part."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from consent.models import ProcessingPurpose
from engagement.models import Appointment, Service
from security.ids import new_id
from tests import consenting
from tests.patients import cast

RULES = [{"hours": 48, "channels": ["sms", "email"]}, {"hours": 3, "channels": ["sms"]}]
TELECOMS = [
    {"system": "email", "value": "mia@example.org"},
    {"system": "phone", "value": "+86 138 0013 8000", "use": "mobile"},
]


def reminding() -> ProcessingPurpose:
    """Return the purpose of reminders, which rests on care and no consent."""
    return consenting.purpose(
        "reminders", grounds=consenting.CARE, is_per_channel=True, channels=["email", "sms"]
    )


def service(rules=RULES, **fields) -> Service:
    """Return a service that reminds two days and three hours before."""
    return Service.objects.create(name=f"Service {new_id().hex}", reminders=rules, **fields)


def person(**fields):
    """Return a patient with an e-mail address and a mobile number."""
    return cast.patient(**({"telecoms": TELECOMS} | fields))


def appointment(patient, *, starts_at=None, of=None, clinician=None, **fields) -> Appointment:
    """Return an appointment in five days."""
    starts_at = starts_at or timezone.now() + timedelta(days=5)
    return Appointment.objects.create(
        patient=patient, service=of or service(), clinician=clinician or cast.staff("physician"),
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), **fields,
    )  # fmt: skip
