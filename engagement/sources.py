"""What appointments add to the timeline of a patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from engagement import timeline
from engagement.models import Appointment
from engagement.queries import agenda
from patients.queries import colleagues
from security.access.permissions import Permission


def appointments(patient_id: UUID, before: datetime, limit: int) -> Sequence[timeline.Line]:
    """Return the appointments of one patient before an instant, the newest first."""
    rows = list(
        Appointment.objects.filter(patient_id=patient_id, starts_at__lt=before)
        .select_related("service")
        .defer("sealed")
        .order_by("-starts_at", "-pk")[:limit]
    )
    names = colleagues.names_of({row.clinician_id for row in rows})
    return [
        timeline.Line(
            row.starts_at,
            row.pk,
            row.service.label,
            str(row.get_state_display()),
            names.get(row.clinician_id, ""),
            reverse("engagement:appointment", args=[patient_id, row.pk]),
            agenda.TONES.get(row.state, "neutral"),
        )
        for row in rows
    ]


SOURCE = timeline.Source(
    "appointments", _("Appointments"), "calendar-event", Permission.APPOINTMENTS_READ, appointments
)


def install() -> None:
    """Add appointments to the timeline."""
    timeline.add(SOURCE)
