"""Rows of the audit app."""

from audit.models.alert import Alert
from audit.models.case import Case, CaseSubject, Review
from audit.models.event import Event
from audit.models.pending import Pending
from audit.models.state import State
from audit.models.watch import Access, Companion, RuleSetting, WatchCursor, Watched

__all__ = [
    "Access",
    "Alert",
    "Case",
    "CaseSubject",
    "Companion",
    "Event",
    "Pending",
    "Review",
    "RuleSetting",
    "State",
    "WatchCursor",
    "Watched",
]
