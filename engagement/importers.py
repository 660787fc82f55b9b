"""The files that the calendar takes in: appointments that another system booked."""

from __future__ import annotations

from engagement.services.appointment_imports import APPOINTMENTS
from patients.imports import registry

registry.register(APPOINTMENTS)
