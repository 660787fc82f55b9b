"""Finding what a person was typing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.models import Draft, PatientRecord
from patients.queries.kinds import BY_KEY
from security import context
from security.access.decision import decide
from security.access.permissions import Permission
from security.models import User

# Every form that keeps drafts: what the writer must be allowed, and what the form is called.
FORMS: Mapping[str, tuple[Permission, Promise]] = {
    "invoice": (Permission.BILLING_WRITE, _("Invoice")),
    "patient": (Permission.DEMOGRAPHICS_WRITE, _("Name and contact")),
    "relation": (Permission.DEMOGRAPHICS_WRITE, _("Household and contacts")),
    "addendum": (Permission.CLINICAL_WRITE, _("Addendum")),
    "note": (Permission.CLINICAL_WRITE, _("Note")),
    # Structured entries, by the keys of their kinds.
    "conditions": (Permission.CLINICAL_WRITE, _("Diagnosis")),
    "allergies": (Permission.CLINICAL_WRITE, _("Allergy")),
    "medications": (Permission.CLINICAL_WRITE, _("Prescription")),
    "observations": (Permission.CLINICAL_WRITE, _("Result")),
    "procedures": (Permission.CLINICAL_WRITE, _("Procedure")),
    "immunizations": (Permission.CLINICAL_WRITE, _("Vaccination")),
    "plans": (Permission.CLINICAL_WRITE, _("Care plan")),
    "referral": (Permission.CLINICAL_WRITE, _("Referral")),
    "emergency": (Permission.CLINICAL_REQUEST, _("Emergency access")),
    "request": (Permission.CLINICAL_REQUEST, _("Request access")),
}
# What is typed before a chart is open: sealed with the writer's own key, for there may be no such patient.
WITHOUT_CHART = frozenset({"patient", "emergency", "request"})


NORMAL = PatientRecord.Confidentiality.NORMAL


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as its form takes it."""

    content: Mapping[str, Any]
    target_version: int | None
    updated_at: datetime


def find(
    user: User, *, form: str, patient_id: UUID | None, target_id: UUID | None = None
) -> Kept | None:
    """Return the person's own draft of a form, if there is one that the person may still read."""
    row = Draft.objects.of_form(user, form=form, patient_id=patient_id, target_id=target_id).first()
    if row is None:
        return None
    if row.content is None and not _may_read_restricted(user, patient_id):
        return None
    content = row.content if row.content is not None else row.restricted_content
    return Kept(content or {}, row.target_version, row.updated_at)


def is_protected(form: str, patient_id: UUID | None, target_id: UUID | None) -> bool:
    """Tell whether the entry that is typed about is specially protected; whoever marks it waits."""
    kind = BY_KEY.get("notes" if form in {"note", "addendum"} else form)
    if kind is None or target_id is None or patient_id is None:
        return False
    rows = kind.model._default_manager.filter(pk=target_id, patient_id=patient_id)
    held = rows.select_for_update(of=("self",), no_key=True)
    return any(one != NORMAL for one in held.values_list("confidentiality", flat=True))


def _may_read_restricted(user: User, patient_id: UUID | None) -> bool:
    if patient_id is None:
        return True
    purpose = context.current().purpose
    made = decide(user, Permission.RESTRICTED_READ, patient_id, purpose)
    # How fresh the factor must be the gate of the page asked already.
    return made.allowed or made.step_up
