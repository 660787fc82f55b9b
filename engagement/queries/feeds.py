"""A calendar as calendar programs read it (RFC 5545): when, never who or what for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from engagement import clocks
from engagement.models import Appointment, CalendarFeed
from security.models import User

DAYS_BEFORE, DAYS_AFTER, MOST = 7, 90, 2000
FORM = "%Y%m%dT%H%M%SZ"


def address_of(user: User) -> CalendarFeed | None:
    """Return the address in force of somebody's calendar, which is told no second time."""
    return CalendarFeed.objects.filter(user=user, revoked_at__isnull=True).first()


def text(user: User) -> str:
    """Return when somebody has appointments; strangers keep it, so it says nothing more."""
    now = timezone.now()
    rows = (
        Appointment.objects.standing()
        .filter(
            clinician=user,
            starts_at__gte=now - timedelta(days=DAYS_BEFORE),
            starts_at__lt=now + timedelta(days=DAYS_AFTER),
        )
        .order_by("starts_at", "pk")
    )
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Custodia//Appointments//EN",
        "CALSCALE:GREGORIAN", "METHOD:PUBLISH", f"X-WR-TIMEZONE:{clocks.zone().key}",
    ]  # fmt: skip
    for pk, start, end in rows.values_list("pk", "starts_at", "ends_at")[:MOST]:
        lines += [
            "BEGIN:VEVENT", f"UID:{pk}@custodia", f"DTSTAMP:{_written(now)}", f"DTSTART:{_written(start)}",
            f"DTEND:{_written(end)}", f"SUMMARY:{_('Appointment')}", "CLASS:PRIVATE", "END:VEVENT",
        ]  # fmt: skip
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime(FORM)
