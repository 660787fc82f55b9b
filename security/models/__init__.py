"""Rows of the security app."""

from security.models.backup import Backup
from security.models.clinic import ClinicProfile
from security.models.data_key import DataKey
from security.models.delivery import OutboxMessage
from security.models.evidence import Evidence
from security.models.export import Export
from security.models.factor import RecoveryCode, TotpFactor
from security.models.one_time_link import OneTimeLink, ResetRequest
from security.models.role import Clearance, RoleAssignment
from security.models.throttle import Throttle
from security.models.unit import Membership, Unit
from security.models.user import User, UserIndex

__all__ = [
    "Backup",
    "Clearance",
    "ClinicProfile",
    "DataKey",
    "Evidence",
    "Export",
    "Membership",
    "OneTimeLink",
    "OutboxMessage",
    "RecoveryCode",
    "ResetRequest",
    "RoleAssignment",
    "Throttle",
    "TotpFactor",
    "Unit",
    "User",
    "UserIndex",
]
