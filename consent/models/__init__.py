"""Rows of the consent app."""

from consent.models.calendar import CalendarDay
from consent.models.consent import Consent, ConsentEvent, State
from consent.models.form import ConsentForm, ConsentFormVersion
from consent.models.letter import RightsLetter
from consent.models.purpose import ProcessingPurpose
from consent.models.restriction import ProcessingRestriction
from consent.models.rights import RightsRequest

__all__ = [
    "CalendarDay",
    "Consent",
    "ConsentEvent",
    "ConsentForm",
    "ConsentFormVersion",
    "ProcessingPurpose",
    "ProcessingRestriction",
    "RightsLetter",
    "RightsRequest",
    "State",
]
