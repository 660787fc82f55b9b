"""Rows of the patients app."""

from patients.models.attachment import BillingAttachment, ClinicalAttachment, RecordAttachment
from patients.models.billing import Claim, Coverage
from patients.models.break_glass import BreakGlass
from patients.models.clinical import (
    AllergyIntolerance,
    CarePlan,
    Condition,
    DiagnosticReport,
    Immunization,
    MedicationRequest,
    Observation,
    Procedure,
)
from patients.models.directory import DirectoryResource, Organization, Practitioner
from patients.models.draft import Draft
from patients.models.encounter import Encounter
from patients.models.patient import Patient, PatientIndex
from patients.models.portal import PortalAccount
from patients.models.record import EncounterRecord, PatientRecord
from patients.models.relationship import CareRelationship, ChartPermission, TeamAssignment
from patients.models.request import AccessRequest, Referral
from patients.models.staff_link import StaffLink
from patients.models.version import RecordVersion

__all__ = [
    "AccessRequest",
    "AllergyIntolerance",
    "BillingAttachment",
    "BreakGlass",
    "CarePlan",
    "CareRelationship",
    "ChartPermission",
    "Claim",
    "ClinicalAttachment",
    "Condition",
    "Coverage",
    "DiagnosticReport",
    "DirectoryResource",
    "Draft",
    "Encounter",
    "EncounterRecord",
    "Immunization",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "PatientIndex",
    "PatientRecord",
    "PortalAccount",
    "Practitioner",
    "Procedure",
    "RecordAttachment",
    "RecordVersion",
    "Referral",
    "StaffLink",
    "TeamAssignment",
]
