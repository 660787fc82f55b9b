"""Rows of the audit app."""

from audit.models.alert import Alert
from audit.models.case import Case, CaseSubject, Review
from audit.models.event import Event
from audit.models.pending import Pending
from audit.models.report import AuditReport, ReportSchedule
from audit.models.state import State

__all__ = [
    "Alert",
    "AuditReport",
    "Case",
    "CaseSubject",
    "Event",
    "Pending",
    "ReportSchedule",
    "Review",
    "State",
]
