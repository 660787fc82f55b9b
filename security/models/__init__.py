"""Rows of the security app."""

from security.models.data_key import DataKey
from security.models.delivery import OutboxMessage
from security.models.export import Export
from security.models.factor import RecoveryCode, TotpFactor
from security.models.role import Clearance, RoleAssignment
from security.models.throttle import Throttle
from security.models.unit import Membership, Unit
from security.models.user import User, UserIndex

__all__ = [
    "Clearance",
    "DataKey",
    "Export",
    "Membership",
    "OutboxMessage",
    "RecoveryCode",
    "RoleAssignment",
    "Throttle",
    "TotpFactor",
    "Unit",
    "User",
    "UserIndex",
]
