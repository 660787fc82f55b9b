"""Rows of the relationship: appointments, contacts, tasks, feedback, enquiries, links in messages."""

from __future__ import annotations

from engagement.models.appointment import Appointment
from engagement.models.complaint import Complaint, SecurityConcern
from engagement.models.interaction import Interaction
from engagement.models.lead import Lead
from engagement.models.link import MessageLink
from engagement.models.service import Room, Service, ServicePractitioner
from engagement.models.survey import Survey, SurveyAnswer
from engagement.models.task import Task

__all__ = [
    "Appointment",
    "Complaint",
    "Interaction",
    "Lead",
    "MessageLink",
    "Room",
    "SecurityConcern",
    "Service",
    "ServicePractitioner",
    "Survey",
    "SurveyAnswer",
    "Task",
]
