"""Rows of the audit app."""

from audit.models.event import Event
from audit.models.ledger import Anchor, Checkpoint, Heartbeat, Leaf, Node, Stamp
from audit.models.pending import Pending
from audit.models.state import State

__all__ = [
    "Anchor",
    "Checkpoint",
    "Event",
    "Heartbeat",
    "Leaf",
    "Node",
    "Pending",
    "Stamp",
    "State",
]
