"""Rows of the relationship: appointments, contacts, tasks, links in messages."""

from __future__ import annotations

from engagement.models.appointment import Appointment
from engagement.models.campaign import Campaign, CampaignRecipient
from engagement.models.contact_rule import ContactRule
from engagement.models.interaction import Interaction
from engagement.models.link import MessageLink
from engagement.models.segment import Segment
from engagement.models.service import Room, Service, ServicePractitioner
from engagement.models.task import Task

__all__ = [
    "Appointment",
    "Campaign",
    "CampaignRecipient",
    "ContactRule",
    "Interaction",
    "MessageLink",
    "Room",
    "Segment",
    "Service",
    "ServicePractitioner",
    "Task",
]
