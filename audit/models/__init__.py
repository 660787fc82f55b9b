"""Rows of the audit app."""

from audit.models.event import Event
from audit.models.pending import Pending
from audit.models.record_check import RecordCheck, RecordFinding
from audit.models.state import State

__all__ = ["Event", "Pending", "RecordCheck", "RecordFinding", "State"]
