"""Rows of the relationship: appointments, contacts, tasks, plans of follow-up, links in messages."""

from __future__ import annotations

from engagement.models.appointment import Appointment
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

__all__ = [
    "Appointment",
    "Area",
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
]
