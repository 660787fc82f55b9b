"""Rows of the patients app."""

from patients.models.attachment import BillingAttachment, ClinicalAttachment, RecordAttachment
from patients.models.billing import Claim, Coverage
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
from patients.models.note import Note, NoteAddendum
from patients.models.patient import Patient, PatientIndex
from patients.models.portal import PortalAccount
from patients.models.protected import Protectable
from patients.models.record import EncounterRecord, PatientRecord
from patients.models.relationship import CareRelationship, ChartPermission, TeamAssignment
from patients.models.version import RecordVersion

__all__ = [
    "AllergyIntolerance",
    "BillingAttachment",
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
    "Note",
    "NoteAddendum",
    "Observation",
    "Organization",
    "Patient",
    "PatientIndex",
    "PatientRecord",
    "PortalAccount",
    "Practitioner",
    "Procedure",
    "Protectable",
    "RecordAttachment",
    "RecordVersion",
    "TeamAssignment",
]
