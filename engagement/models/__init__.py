"""Rows of the relationship: appointments, contacts, tasks, conversations, links in messages."""

from __future__ import annotations

from engagement.models.appointment import Appointment
from engagement.models.canned import CannedReply
from engagement.models.interaction import Interaction
from engagement.models.link import MessageLink
from engagement.models.service import Room, Service, ServicePractitioner
from engagement.models.task import Task
from engagement.models.thread import (
    Thread,
    ThreadAttachment,
    ThreadMessage,
    ThreadParticipant,
)

__all__ = [
    "Appointment",
    "CannedReply",
    "Interaction",
    "MessageLink",
    "Room",
    "Service",
    "ServicePractitioner",
    "Task",
    "Thread",
    "ThreadAttachment",
    "ThreadMessage",
    "ThreadParticipant",
]
