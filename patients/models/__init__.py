"""Rows of the patients app."""

from patients.models.attachment import BillingAttachment, ClinicalAttachment, RecordAttachment
from patients.models.batch import ImportBatch, ImportChunk, ImportMapping, ImportRowError
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
from patients.models.code import Code, CodeSystem
from patients.models.directory import DirectoryResource, Organization, Practitioner
from patients.models.disclosure import Disclosure
from patients.models.document import Document
from patients.models.draft import Draft
from patients.models.encounter import Encounter
from patients.models.invoice import (
    Invoice,
    InvoiceIndex,
    InvoiceSeries,
    Method,
    Payment,
    Refund,
)
from patients.models.merge import Merge
from patients.models.note import Note, NoteAddendum
from patients.models.patient import Patient, PatientIndex
from patients.models.portal import PortalAccount
from patients.models.price import PriceItem
from patients.models.protected import Protectable
from patients.models.record import EncounterRecord, PatientRecord
from patients.models.relation import Relation
from patients.models.relationship import CareRelationship, ChartPermission, TeamAssignment
from patients.models.request import AccessRequest, Referral
from patients.models.series import NumberSeries
from patients.models.staff_link import StaffLink
from patients.models.till import CashUp
from patients.models.version import RecordVersion

__all__ = [
    "AccessRequest",
    "AllergyIntolerance",
    "BillingAttachment",
    "BreakGlass",
    "CarePlan",
    "CareRelationship",
    "CashUp",
    "ChartPermission",
    "Claim",
    "ClinicalAttachment",
    "Code",
    "CodeSystem",
    "Condition",
    "Coverage",
    "DiagnosticReport",
    "DirectoryResource",
    "Disclosure",
    "Document",
    "Draft",
    "Encounter",
    "EncounterRecord",
    "Immunization",
    "ImportBatch",
    "ImportChunk",
    "ImportMapping",
    "ImportRowError",
    "Invoice",
    "InvoiceIndex",
    "InvoiceSeries",
    "MedicationRequest",
    "Merge",
    "Method",
    "Note",
    "NoteAddendum",
    "NumberSeries",
    "Observation",
    "Organization",
    "Patient",
    "PatientIndex",
    "PatientRecord",
    "Payment",
    "PortalAccount",
    "Practitioner",
    "PriceItem",
    "Procedure",
    "Protectable",
    "RecordAttachment",
    "RecordVersion",
    "Referral",
    "Refund",
    "Relation",
    "StaffLink",
    "TeamAssignment",
]
