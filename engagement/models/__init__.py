"""Rows of the relationship: appointments, follow-up, conversations, campaigns, feedback, enquiries."""

from __future__ import annotations

from engagement.models.appointment import Appointment
from engagement.models.canned import CannedReply
from engagement.models.interaction import Interaction
from engagement.models.link import MessageLink
from engagement.models.plan import (
    Area,
    FollowUpPlan,
    PlanStep,
    PlanTemplate,
    Questionnaire,
    QuestionnaireAnswer,
)
from engagement.models.service import Room, Service, ServicePractitioner
from engagement.models.task import Task
from engagement.models.thread import Thread, ThreadAttachment, ThreadMessage, ThreadParticipant

__all__ = [
    "Appointment",
    "Area",
    "CannedReply",
    "FollowUpPlan",
    "Interaction",
    "MessageLink",
    "PlanStep",
    "PlanTemplate",
    "Questionnaire",
    "QuestionnaireAnswer",
    "Room",
    "Service",
    "ServicePractitioner",
    "Task",
    "Thread",
    "ThreadAttachment",
    "ThreadMessage",
    "ThreadParticipant",
]
