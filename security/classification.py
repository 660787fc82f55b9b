"""Classes of data: categories that roles are given, scopes that keys are made for, levels of GB/T 39725."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Category(StrEnum):
    """What a field is about; the rows of the access matrix."""

    DEMOGRAPHICS = "demographics"
    IDENTIFIERS = "identifiers"
    APPOINTMENTS = "appointments"
    CLINICAL = "clinical"
    RESTRICTED = "restricted"
    BILLING = "billing"
    BILL_DIAGNOSIS = "bill_diagnosis"
    MESSAGES = "messages"
    CAMPAIGNS = "campaigns"
    CONSENT = "consent"
    RIGHTS = "rights"
    TRAIL = "trail"
    EXPORT = "export"
    ADMINISTRATION = "administration"
    INCIDENTS = "incidents"
    ACCOUNT = "account"

    @property
    def label(self) -> Promise:
        """Return the category's name for people."""
        return CATEGORY_LABELS[self]


CATEGORY_LABELS: dict[Category, Promise] = {
    Category.DEMOGRAPHICS: _("Name and contact"),
    Category.IDENTIFIERS: _("ID and insurance numbers"),
    Category.APPOINTMENTS: _("Appointments"),
    Category.CLINICAL: _("Clinical record"),
    Category.RESTRICTED: _("Specially protected records"),
    Category.BILLING: _("Billing and payments"),
    Category.BILL_DIAGNOSIS: _("Diagnosis code on the bill"),
    Category.MESSAGES: _("Messages"),
    Category.CAMPAIGNS: _("Segments and campaigns"),
    Category.CONSENT: _("Consent"),
    Category.RIGHTS: _("Rights requests"),
    Category.TRAIL: _("Audit trail"),
    Category.EXPORT: _("Bulk export"),
    Category.ADMINISTRATION: _("Users, roles, keys, settings"),
    Category.INCIDENTS: _("Incident register"),
    Category.ACCOUNT: _("Own account"),
}


class Scope(StrEnum):
    """What one data key opens; destroying a scope's key erases that scope everywhere."""

    RECORD = "record"
    BILLING = "billing"
    ENGAGEMENT = "engagement"
    RESTRICTED = "restricted"
    # What a person was told, allowed and asked for: proof that outlives the record.
    CONSENT = "consent"


class SubjectKind(StrEnum):
    """Whose data a key protects."""

    PATIENT = "patient"
    USER = "user"
    LEAD = "lead"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Plain:
    """Declares a column that is stored readable: its level (1-5) and the purpose it serves."""

    level: int
    purpose: str


# What a form says beside a field: the declared purpose, in words.
PURPOSES: dict[str, Promise] = {
    "care": _("Needed to care for the patient."),
    "identification": _("Tells this person from everybody else."),
    "proof": _("Finds the right record; bills the insurance."),
    "safety": _("Doses and normal values depend on it."),
    "contact": _("For visits and results, never for advertising."),
    "correspondence": _("For letters and home visits."),
    "emergency": _("Whom to call when something happens."),
    "communication": _("So that the patient understands us."),
    "household": _("Who lives together may be ill together."),
    "representation": _("Who may decide and sign for the patient."),
    "validity": _("Before and after, this does not count."),
    "billing": _("Needed to bill what was done."),
}


def why(purpose: str) -> Promise:
    """Return why a field with this purpose is asked for; raise KeyError for one without a sentence."""
    return PURPOSES[purpose]
