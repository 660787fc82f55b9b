"""Rows of the consent app."""

from consent.models.consent import Consent, ConsentEvent, State
from consent.models.effect import ConsentEffect
from consent.models.form import ConsentForm, ConsentFormVersion
from consent.models.paper import PaperForm
from consent.models.purpose import ProcessingPurpose
from consent.models.restriction import ProcessingRestriction
from consent.models.rights import RightsRequest

__all__ = [
    "Consent",
    "ConsentEffect",
    "ConsentEvent",
    "ConsentForm",
    "ConsentFormVersion",
    "PaperForm",
    "ProcessingPurpose",
    "ProcessingRestriction",
    "RightsRequest",
    "State",
]
