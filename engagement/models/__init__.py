"""Rows of the relationship: appointments, contacts, tasks, links in messages."""

from __future__ import annotations

from engagement.models.appointment import Appointment, Claim
from engagement.models.interaction import Interaction
from engagement.models.link import MessageLink
from engagement.models.planning import Absence, CalendarFeed, WorkingHours
from engagement.models.service import Room, Service, ServicePractitioner
from engagement.models.task import Task
from engagement.models.waiting import SlotOffer, WaitingEntry

__all__ = [
    "Absence",
    "Appointment",
    "CalendarFeed",
    "Claim",
    "Interaction",
    "MessageLink",
    "Room",
    "Service",
    "ServicePractitioner",
    "SlotOffer",
    "Task",
    "WaitingEntry",
    "WorkingHours",
]
