"""Permissions: one category of data and one action on it. Views, deeds and roles name nothing else."""

from __future__ import annotations

from enum import StrEnum

from security.access.categories import Action
from security.classification import Category


class Permission(StrEnum):
    """Every permission of the product, as "category.action"."""

    DEMOGRAPHICS_READ = "demographics.read"
    DEMOGRAPHICS_READ_MASKED = "demographics.read_masked"
    DEMOGRAPHICS_WRITE = "demographics.write"
    DEMOGRAPHICS_REQUEST = "demographics.request"
    DEMOGRAPHICS_ASSIGN = "demographics.assign"
    IDENTIFIERS_READ = "identifiers.read"
    IDENTIFIERS_READ_MASKED = "identifiers.read_masked"
    IDENTIFIERS_WRITE = "identifiers.write"
    APPOINTMENTS_READ = "appointments.read"
    APPOINTMENTS_AGGREGATE = "appointments.aggregate"
    APPOINTMENTS_WRITE = "appointments.write"
    CLINICAL_READ = "clinical.read"
    CLINICAL_WRITE = "clinical.write"
    # Asking to be let in: of a patient's carers, or in an emergency with all that this takes.
    CLINICAL_REQUEST = "clinical.request"
    RESTRICTED_READ = "restricted.read"
    RESTRICTED_WRITE = "restricted.write"
    BILLING_READ = "billing.read"
    BILLING_WRITE = "billing.write"
    BILL_DIAGNOSIS_READ = "bill_diagnosis.read"
    BILL_DIAGNOSIS_READ_MASKED = "bill_diagnosis.read_masked"
    MESSAGES_READ = "messages.read"
    MESSAGES_WRITE = "messages.write"
    CAMPAIGNS_READ = "campaigns.read"
    CAMPAIGNS_WRITE = "campaigns.write"
    CAMPAIGNS_APPROVE = "campaigns.approve"
    CONSENT_READ = "consent.read"
    CONSENT_WRITE = "consent.write"
    CONSENT_MANAGE = "consent.manage"
    RIGHTS_READ = "rights.read"
    RIGHTS_REQUEST = "rights.request"
    RIGHTS_MANAGE = "rights.manage"
    TRAIL_READ = "trail.read"
    # The technical part: no patient among the subjects.
    TRAIL_READ_MASKED = "trail.read_masked"
    EXPORT_REQUEST = "export.request"
    EXPORT_APPROVE = "export.approve"
    ADMINISTRATION_READ = "administration.read"
    ADMINISTRATION_MANAGE = "administration.manage"
    INCIDENTS_REQUEST = "incidents.request"
    INCIDENTS_READ = "incidents.read"
    INCIDENTS_READ_MASKED = "incidents.read_masked"
    INCIDENTS_MANAGE = "incidents.manage"
    ACCOUNT_MANAGE = "account.manage"

    @property
    def category(self) -> Category:
        """Return the category of data."""
        return Category(self.value.partition(".")[0])

    @property
    def action(self) -> Action:
        """Return the action."""
        return Action(self.value.partition(".")[2])


# Permissions by which a person's own data become readable; no user administrator holds one.
PATIENT_READING = frozenset(
    permission
    for permission in Permission
    if permission.action in {Action.READ, Action.READ_MASKED}
    and permission.category
    in {
        Category.DEMOGRAPHICS,
        Category.IDENTIFIERS,
        Category.APPOINTMENTS,
        Category.CLINICAL,
        Category.RESTRICTED,
        Category.BILLING,
        Category.BILL_DIAGNOSIS,
    }
)
