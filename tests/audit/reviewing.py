"""The cast of reviews and cases: two officers, a nurse who broke a glass, and whose chart it was."""

from __future__ import annotations

from audit.models import Case, Event, Review
from audit.services import cases, reviews
from patients.models import Patient
from patients.services import emergencies
from security.models import User
from tests.patients import cast

WHY = "Unconscious in the corridor, allergies unknown"


def officer(name: str = "Officer Bai") -> User:
    """Make a compliance officer."""
    return cast.staff("compliance_officer", name=name)


def glass(nurse: User, patient: Patient, bond: str = "one") -> Event:
    """Let a nurse break the glass of a chart, and return the event of it."""
    with cast.acting(nurse, "TREAT") as here:
        here.session_bond, here.session_ref = bond, f"ref-{bond}"
        emergencies.break_glass(patient_id=patient.pk, code="life", reason=WHY, by=nurse)
    return cast.events("patients.glass.opened")[-1]


def review(nurse: User, patient: Patient) -> Review:
    """Return the review of an emergency access that was just made."""
    event = glass(nurse, patient)
    reviews.gather()
    return Review.objects.get(event_id=event.pk)


def case(by: User, *patients: Patient, to: User | None = None, **more) -> Case:
    """Open a case on a patient's request, or of another kind."""
    asked = {
        "kind": "request",
        "question": "Who read this?",
        "subjects": [one.pk for one in patients],
    }
    with cast.acting(by, "HCOMPL"):
        return cases.open_case(asked=cases.Asked(**asked | more), to=to or by, by=by)
