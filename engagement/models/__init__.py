"""Rows of the relationship: appointments, contacts, tasks, links in messages."""

from __future__ import annotations

from engagement.models.appointment import Appointment
from engagement.models.interaction import Interaction
from engagement.models.link import MessageLink
from engagement.models.service import Room, Service, ServicePractitioner
from engagement.models.task import Task

__all__ = [
    "Appointment",
    "Interaction",
    "MessageLink",
    "Room",
    "Service",
    "ServicePractitioner",
    "Task",
]
