"""Rows of the relationship: appointments, contacts, tasks, reminders, answers, links in messages."""

from __future__ import annotations

from engagement.models.appointment import Appointment
from engagement.models.interaction import Interaction
from engagement.models.letter import LetterBatch
from engagement.models.link import MessageLink
from engagement.models.preference import ContactPreference
from engagement.models.reminder import Reminder
from engagement.models.reply import Reply
from engagement.models.service import Room, Service, ServicePractitioner
from engagement.models.task import Task

__all__ = [
    "Appointment",
    "ContactPreference",
    "Interaction",
    "LetterBatch",
    "MessageLink",
    "Reminder",
    "Reply",
    "Room",
    "Service",
    "ServicePractitioner",
    "Task",
]
