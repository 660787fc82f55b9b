"""Rows of the consent app."""

from consent.models.consent import Consent, ConsentEvent, State
from consent.models.copy import RecordCopy
from consent.models.correction import Correction
from consent.models.form import ConsentForm, ConsentFormVersion
from consent.models.notice import Notice, NoticeDelivery, NoticeText
from consent.models.purpose import ProcessingPurpose
from consent.models.restriction import ProcessingRestriction
from consent.models.rights import RightsRequest

__all__ = [
    "Consent",
    "ConsentEvent",
    "ConsentForm",
    "ConsentFormVersion",
    "Correction",
    "Notice",
    "NoticeDelivery",
    "NoticeText",
    "ProcessingPurpose",
    "ProcessingRestriction",
    "RecordCopy",
    "RightsRequest",
    "State",
]
