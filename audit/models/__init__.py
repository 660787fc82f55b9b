"""Rows of the audit app."""

from audit.models.alert import Alert
from audit.models.case import Case, CaseSubject, Review
from audit.models.event import Event
from audit.models.ledger import Anchor, Checkpoint, Heartbeat, Leaf, Node, Stamp
from audit.models.pending import Pending
from audit.models.record_check import RecordCheck, RecordFinding
from audit.models.report import AuditReport, ReportPaper, ReportSchedule
from audit.models.state import State
from audit.models.watch import Access, Companion, RuleSetting, WatchCursor, Watched

__all__ = [
    "Access",
    "Alert",
    "Anchor",
    "AuditReport",
    "Case",
    "CaseSubject",
    "Checkpoint",
    "Companion",
    "Event",
    "Heartbeat",
    "Leaf",
    "Node",
    "Pending",
    "RecordCheck",
    "RecordFinding",
    "ReportPaper",
    "ReportSchedule",
    "Review",
    "RuleSetting",
    "Stamp",
    "State",
    "WatchCursor",
    "Watched",
]
