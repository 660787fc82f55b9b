"""Rows of the relationship: appointments, follow-up, conversations, campaigns, feedback, enquiries."""

from __future__ import annotations

from engagement.models.appointment import Appointment, Claim
from engagement.models.campaign import Campaign, CampaignRecipient
from engagement.models.canned import CannedReply
from engagement.models.complaint import Complaint, SecurityConcern
from engagement.models.contact_rule import ContactRule
from engagement.models.interaction import Interaction
from engagement.models.lead import Lead
from engagement.models.letter import LetterBatch
from engagement.models.link import MessageLink
from engagement.models.plan import (
    Area,
    FollowUpPlan,
    PlanStep,
    PlanTemplate,
    Questionnaire,
    QuestionnaireAnswer,
)
from engagement.models.planning import Absence, CalendarFeed, WorkingHours
from engagement.models.preference import ContactPreference
from engagement.models.reminder import Reminder
from engagement.models.reply import Reply
from engagement.models.segment import Segment
from engagement.models.service import Room, Service, ServicePractitioner
from engagement.models.survey import Survey, SurveyAnswer
from engagement.models.task import Task
from engagement.models.thread import Thread, ThreadAttachment, ThreadMessage, ThreadParticipant
from engagement.models.waiting import SlotOffer, WaitingEntry

__all__ = [
    "Absence",
    "Appointment",
    "Area",
    "CalendarFeed",
    "Campaign",
    "CampaignRecipient",
    "CannedReply",
    "Claim",
    "Complaint",
    "ContactPreference",
    "ContactRule",
    "FollowUpPlan",
    "Interaction",
    "Lead",
    "LetterBatch",
    "MessageLink",
    "PlanStep",
    "PlanTemplate",
    "Questionnaire",
    "QuestionnaireAnswer",
    "Reminder",
    "Reply",
    "Room",
    "SecurityConcern",
    "Segment",
    "Service",
    "ServicePractitioner",
    "SlotOffer",
    "Survey",
    "SurveyAnswer",
    "Task",
    "Thread",
    "ThreadAttachment",
    "ThreadMessage",
    "ThreadParticipant",
    "WaitingEntry",
    "WorkingHours",
]
