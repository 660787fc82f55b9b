"""Rows of the consent app."""

from consent.models.purpose import ProcessingPurpose
from consent.models.restriction import ProcessingRestriction
from consent.models.rights import RightsRequest

__all__ = ["ProcessingPurpose", "ProcessingRestriction", "RightsRequest"]
