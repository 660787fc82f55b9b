"""In which language somebody is written to: the own one where the product speaks it, else the clinic's."""

from __future__ import annotations

from django.conf import settings

from patients.models import Patient
from security.models import User
from security.sealing import SealBroken
from security.services import clinics

CHINESE, ENGLISH = "zh-hans", "en"


def of_patient(patient: Patient) -> str:
    """Return the language in which a patient is written to."""
    try:
        said = patient.language or ""
    except SealBroken:
        said = ""
    return _known(said)


def of_account(user: User) -> str:
    """Return the language in which a colleague is written to."""
    return _known(user.language or "")


def _known(said: str) -> str:
    profile = clinics.profile()
    spare = profile.languages[0] if profile and profile.languages else settings.LANGUAGE_CODE
    wanted = (said or spare).lower()
    return CHINESE if wanted.startswith("zh") else ENGLISH
