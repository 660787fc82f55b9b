"""Reach and actions: how far a role's right extends, and to do what."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Reach(IntEnum):
    """Whose data a right extends to; of two roles the wider one counts."""

    NONE = 0
    SELF = 1
    CASE = 2
    TEAM = 3
    ALL = 4

    @property
    def label(self) -> Promise:
        """Return the reach in words."""
        return REACH_LABELS[self]


REACH_LABELS: dict[Reach, Promise] = {
    Reach.NONE: _("nobody"),
    Reach.SELF: _("oneself"),
    Reach.CASE: _("people of an open case"),
    Reach.TEAM: _("people in one's care"),
    Reach.ALL: _("everybody"),
}


class Action(StrEnum):
    """What is done with data of a category."""

    READ = "read"
    READ_MASKED = "read_masked"
    AGGREGATE = "aggregate"
    WRITE = "write"
    REQUEST = "request"
    ASSIGN = "assign"
    APPROVE = "approve"
    MANAGE = "manage"
