"""Rows of the consent app."""

from consent.models.consent import Consent, ConsentEvent, State
from consent.models.form import ConsentForm, ConsentFormVersion
from consent.models.purpose import ProcessingPurpose
from consent.models.restriction import ProcessingRestriction
from consent.models.rights import RightsRequest
from consent.models.sharing import Recipient, Sharing

__all__ = [
    "Consent",
    "ConsentEvent",
    "ConsentForm",
    "ConsentFormVersion",
    "ProcessingPurpose",
    "ProcessingRestriction",
    "Recipient",
    "RightsRequest",
    "Sharing",
    "State",
]
