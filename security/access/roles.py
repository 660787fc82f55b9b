"""Roles: the whole policy of who may do what, as data; rules may refuse more, never grant more.

Read a line as: this permission, for these people's data. What a role does not list, it does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security.access.categories import Reach
from security.access.permissions import PATIENT_READING, Permission
from security.access.purposes import Purpose
from security.classification import Category

P, R = Permission, Reach


@dataclass(frozen=True)
class Role:
    """One role: who gets it, what it may do, and for which purposes."""

    key: str
    label: Promise
    sentence: Promise
    purposes: tuple[Purpose, ...]
    grants: Mapping[Permission, Reach]
    # What opens after breaking the glass; a role with an empty set has no emergency access.
    emergency: frozenset[Category] = frozenset()


# What an emergency needs: no bills, no exports, no messages.
EMERGENCY = frozenset(
    {
        Category.DEMOGRAPHICS,
        Category.IDENTIFIERS,
        Category.APPOINTMENTS,
        Category.CLINICAL,
        Category.CONSENT,
    }
)
# What everybody who works here may do: manage the own account, read the own trail, report an incident.
STAFF = {P.ACCOUNT_MANAGE: R.SELF, P.TRAIL_READ: R.SELF, P.INCIDENTS_REQUEST: R.ALL}

PHYSICIAN = Role(
    "physician",
    _("Physician"),
    _(
        "Reads and writes the whole record of the patients in the own care; "
        "specially protected records need a clearance."
    ),
    (Purpose.TREAT, Purpose.ETREAT, Purpose.HOPERAT),
    MappingProxyType(
        STAFF
        | {
            P.DEMOGRAPHICS_READ: R.TEAM,
            P.IDENTIFIERS_READ_MASKED: R.TEAM,
            P.APPOINTMENTS_READ: R.TEAM,
            P.APPOINTMENTS_WRITE: R.TEAM,
            P.CLINICAL_READ: R.TEAM,
            P.CLINICAL_WRITE: R.TEAM,
            P.CLINICAL_REQUEST: R.ALL,
            P.RESTRICTED_READ: R.TEAM,
            P.RESTRICTED_WRITE: R.TEAM,
            P.BILLING_READ: R.TEAM,
            P.BILL_DIAGNOSIS_READ: R.TEAM,
            P.MESSAGES_READ: R.SELF,
            P.MESSAGES_WRITE: R.SELF,
            P.CONSENT_READ: R.TEAM,
            P.CONSENT_WRITE: R.TEAM,
            P.RIGHTS_READ: R.TEAM,
            P.EXPORT_REQUEST: R.TEAM,
        }
    ),
    # With a clearance, as always, also what is specially protected.
    EMERGENCY | {Category.RESTRICTED},
)

NURSE = Role(
    "nurse",
    _("Nurse"),
    _("Reads the record of the patients in the own care and writes the nursing part of it."),
    (Purpose.TREAT, Purpose.ETREAT),
    MappingProxyType(
        STAFF
        | {
            P.DEMOGRAPHICS_READ: R.TEAM,
            P.DEMOGRAPHICS_WRITE: R.TEAM,
            P.IDENTIFIERS_READ_MASKED: R.TEAM,
            P.APPOINTMENTS_READ: R.TEAM,
            P.APPOINTMENTS_WRITE: R.TEAM,
            P.CLINICAL_READ: R.TEAM,
            P.CLINICAL_WRITE: R.TEAM,
            P.CLINICAL_REQUEST: R.ALL,
            # Named nurses only: the clearance rule refuses everybody without a clearance.
            P.RESTRICTED_READ: R.TEAM,
            P.BILL_DIAGNOSIS_READ: R.TEAM,
            P.MESSAGES_READ: R.SELF,
            P.MESSAGES_WRITE: R.SELF,
            P.CONSENT_READ: R.TEAM,
            P.CONSENT_WRITE: R.TEAM,
            P.RIGHTS_READ: R.TEAM,
        }
    ),
    EMERGENCY,
)

RECEPTIONIST = Role(
    "receptionist",
    _("Receptionist"),
    _(
        "Registers patients, books visits and checks people in; sees names, "
        "contacts and numbers, nothing clinical."
    ),
    (Purpose.PATADMIN,),
    MappingProxyType(
        STAFF
        | {
            P.DEMOGRAPHICS_READ: R.ALL,
            P.DEMOGRAPHICS_WRITE: R.ALL,
            P.DEMOGRAPHICS_ASSIGN: R.ALL,
            P.IDENTIFIERS_READ: R.ALL,
            P.IDENTIFIERS_WRITE: R.ALL,
            P.APPOINTMENTS_READ: R.ALL,
            P.APPOINTMENTS_WRITE: R.ALL,
            P.BILLING_READ: R.ALL,
            P.MESSAGES_READ: R.SELF,
            P.MESSAGES_WRITE: R.SELF,
            P.CONSENT_READ: R.ALL,
            P.CONSENT_WRITE: R.ALL,
            P.RIGHTS_REQUEST: R.ALL,
        }
    ),
)

FINANCE = Role(
    "finance",
    _("Finance clerk"),
    _(
        "Handles bills, payments and insurance; sees the diagnosis code that a bill "
        "must carry and no other clinical data."
    ),
    (Purpose.HPAYMT,),
    MappingProxyType(
        STAFF
        | {
            P.DEMOGRAPHICS_READ: R.ALL,
            P.IDENTIFIERS_READ: R.ALL,
            P.APPOINTMENTS_READ: R.ALL,
            P.BILLING_READ: R.ALL,
            P.BILLING_WRITE: R.ALL,
            P.BILL_DIAGNOSIS_READ: R.ALL,
            P.MESSAGES_READ: R.SELF,
            P.MESSAGES_WRITE: R.SELF,
            P.CONSENT_READ: R.ALL,
            P.RIGHTS_READ: R.ALL,
            P.EXPORT_REQUEST: R.ALL,
        }
    ),
)

ENGAGEMENT = Role(
    "engagement",
    _("Engagement coordinator"),
    _("Keeps in touch with people who agreed to it; sees masked names and no health data."),
    (Purpose.HMARKT,),
    MappingProxyType(
        STAFF
        | {
            P.DEMOGRAPHICS_READ_MASKED: R.ALL,
            P.APPOINTMENTS_AGGREGATE: R.ALL,
            P.MESSAGES_WRITE: R.ALL,
            P.CAMPAIGNS_READ: R.ALL,
            P.CAMPAIGNS_WRITE: R.ALL,
            P.CONSENT_READ: R.ALL,
            P.EXPORT_REQUEST: R.ALL,
        }
    ),
)

COMPLIANCE_OFFICER = Role(
    "compliance_officer",
    _("Compliance officer"),
    _(
        "Runs consent, rights, reviews and incidents; sees masked names, and a "
        "patient's data only inside a case."
    ),
    (Purpose.HCOMPL, Purpose.PATRQT),
    MappingProxyType(
        STAFF
        | {
            P.DEMOGRAPHICS_READ_MASKED: R.ALL,
            P.DEMOGRAPHICS_READ: R.CASE,
            P.IDENTIFIERS_READ_MASKED: R.ALL,
            P.IDENTIFIERS_READ: R.CASE,
            P.APPOINTMENTS_READ: R.ALL,
            P.CLINICAL_READ: R.CASE,
            P.RESTRICTED_READ: R.CASE,
            P.BILLING_READ: R.CASE,
            P.BILL_DIAGNOSIS_READ: R.CASE,
            P.MESSAGES_READ: R.CASE,
            P.CAMPAIGNS_APPROVE: R.ALL,
            P.CONSENT_READ: R.ALL,
            P.CONSENT_MANAGE: R.ALL,
            P.RIGHTS_READ: R.ALL,
            P.RIGHTS_MANAGE: R.ALL,
            P.TRAIL_READ: R.ALL,
            P.EXPORT_APPROVE: R.ALL,
            P.INCIDENTS_READ: R.ALL,
            P.INCIDENTS_MANAGE: R.ALL,
        }
    ),
)

AUDITOR = Role(
    "auditor",
    _("Auditor"),
    _("Reads the trail, the settings and masked samples; changes nothing."),
    (Purpose.HCOMPL,),
    MappingProxyType(
        STAFF
        | {
            P.DEMOGRAPHICS_READ_MASKED: R.ALL,
            P.IDENTIFIERS_READ_MASKED: R.ALL,
            P.APPOINTMENTS_READ: R.ALL,
            P.BILLING_READ: R.ALL,
            P.BILL_DIAGNOSIS_READ_MASKED: R.ALL,
            P.CAMPAIGNS_READ: R.ALL,
            P.CONSENT_READ: R.ALL,
            P.RIGHTS_READ: R.ALL,
            P.TRAIL_READ: R.ALL,
            P.ADMINISTRATION_READ: R.ALL,
            P.INCIDENTS_READ: R.ALL,
        }
    ),
)

ADMINISTRATOR = Role(
    "administrator",
    _("Administrator"),
    _("Manages users, roles, units, keys and settings; reads no patient data."),
    (Purpose.HSYSADMIN,),
    MappingProxyType(
        STAFF
        | {
            P.TRAIL_READ_MASKED: R.ALL,
            P.INCIDENTS_READ_MASKED: R.ALL,
            P.ADMINISTRATION_READ: R.ALL,
            P.ADMINISTRATION_MANAGE: R.ALL,
        }
    ),
)

PATIENT = Role(
    "patient",
    _("Patient"),
    _("Reads the own record, asks for changes, decides on consents, and sees who looked."),
    (Purpose.PATRQT,),
    MappingProxyType(
        {
            P.ACCOUNT_MANAGE: R.SELF,
            P.DEMOGRAPHICS_READ: R.SELF,
            P.DEMOGRAPHICS_REQUEST: R.SELF,
            P.IDENTIFIERS_READ: R.SELF,
            P.APPOINTMENTS_READ: R.SELF,
            P.APPOINTMENTS_WRITE: R.SELF,
            P.CLINICAL_READ: R.SELF,
            P.RESTRICTED_READ: R.SELF,
            P.BILLING_READ: R.SELF,
            P.BILL_DIAGNOSIS_READ: R.SELF,
            P.MESSAGES_READ: R.SELF,
            P.MESSAGES_WRITE: R.SELF,
            P.CONSENT_READ: R.SELF,
            P.CONSENT_WRITE: R.SELF,
            P.RIGHTS_READ: R.SELF,
            P.RIGHTS_REQUEST: R.SELF,
            P.TRAIL_READ: R.SELF,
            P.EXPORT_REQUEST: R.SELF,
        }
    ),
)

ROLES: Mapping[str, Role] = MappingProxyType(
    {
        role.key: role
        for role in (
            PHYSICIAN, NURSE, RECEPTIONIST, FINANCE, ENGAGEMENT, COMPLIANCE_OFFICER, AUDITOR, ADMINISTRATOR,
            PATIENT,
        )
    }
)  # fmt: skip


def reach_of(keys: Iterable[str], permission: Permission) -> Reach:
    """Return the widest reach that any of these roles gives to a permission."""
    return max((ROLES[key].grants.get(permission, Reach.NONE) for key in keys), default=Reach.NONE)


def roles_that_may(permission: Permission) -> list[Role]:
    """Return the roles that hold a permission, for the sentence of a refusal."""
    return [role for role in ROLES.values() if permission in role.grants]


def conflict(keys: Iterable[str]) -> bool:
    """Tell whether roles would join user administration and patient reading, or patient and staff."""
    held = set(keys)
    permissions = {permission for key in held for permission in ROLES[key].grants}
    administers = Permission.ADMINISTRATION_MANAGE in permissions
    return (administers and bool(permissions & PATIENT_READING)) or (
        "patient" in held and len(held) > 1
    )


def emergency_of(keys: Iterable[str]) -> frozenset[Category]:
    """Return what these roles open by breaking the glass."""
    return frozenset().union(*(ROLES[key].emergency for key in keys))
