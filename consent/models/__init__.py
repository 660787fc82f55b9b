"""Rows of the consent app."""

from consent.models.consent import Consent, ConsentEvent, State
from consent.models.erasure import Erasure, ErasureApproval, RetentionRun, ScopeOutcome
from consent.models.form import ConsentForm, ConsentFormVersion
from consent.models.purpose import ProcessingPurpose
from consent.models.restriction import ProcessingRestriction
from consent.models.retention import LegalHold, RetentionRule
from consent.models.rights import RightsRequest

__all__ = [
    "Consent",
    "ConsentEvent",
    "ConsentForm",
    "ConsentFormVersion",
    "Erasure",
    "ErasureApproval",
    "LegalHold",
    "ProcessingPurpose",
    "ProcessingRestriction",
    "RetentionRule",
    "RetentionRun",
    "RightsRequest",
    "ScopeOutcome",
    "State",
]
