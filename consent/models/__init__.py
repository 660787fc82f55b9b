"""Rows of the consent app."""

from consent.models.assessment import ImpactAssessment, ImpactRisk
from consent.models.calendar import CalendarDay
from consent.models.consent import Consent, ConsentEvent, State
from consent.models.copy import RecordCopy
from consent.models.correction import Correction
from consent.models.effect import ConsentEffect
from consent.models.erasure import Erasure, ErasureApproval, RetentionRun, ScopeOutcome
from consent.models.form import ConsentForm, ConsentFormVersion
from consent.models.letter import RightsLetter
from consent.models.meter import MeterReading, MeterRun
from consent.models.notice import Notice, NoticeDelivery, NoticeText
from consent.models.paper import PaperForm
from consent.models.purpose import ProcessingPurpose, ProcessingPurposeVersion
from consent.models.restriction import ProcessingRestriction
from consent.models.retention import LegalHold, RetentionRule
from consent.models.rights import RightsRequest
from consent.models.scan import RightsScan
from consent.models.sharing import Recipient, Sharing
from consent.models.transfer import OverseasRecipient, Transfer, TransferPerson

__all__ = [
    "CalendarDay",
    "Consent",
    "ConsentEffect",
    "ConsentEvent",
    "ConsentForm",
    "ConsentFormVersion",
    "Correction",
    "Erasure",
    "ErasureApproval",
    "ImpactAssessment",
    "ImpactRisk",
    "LegalHold",
    "MeterReading",
    "MeterRun",
    "Notice",
    "NoticeDelivery",
    "NoticeText",
    "OverseasRecipient",
    "PaperForm",
    "ProcessingPurpose",
    "ProcessingPurposeVersion",
    "ProcessingRestriction",
    "Recipient",
    "RecordCopy",
    "RetentionRule",
    "RetentionRun",
    "RightsLetter",
    "RightsRequest",
    "RightsScan",
    "ScopeOutcome",
    "Sharing",
    "State",
    "Transfer",
    "TransferPerson",
]
