"""Diagnoses and problems."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.fhir import values
from patients.forms.entries import entry
from patients.forms.entries.entry import Dated, Entry, choice, stated
from patients.forms.entries.fields import ConceptField, When
from patients.queries import wording

SNOMED = "http://snomed.info/sct"
SEVERITIES = {
    "255604002": (_("mild"), "Mild"),
    "6736007": (_("moderate"), "Moderate"),
    "24484000": (_("severe"), "Severe"),
}
VERIFICATIONS = (
    ("confirmed", _("confirmed")),
    ("provisional", _("provisional")),
    ("differential", _("one of several possible")),
    ("unconfirmed", _("not confirmed")),
    ("refuted", _("refuted")),
)
STATUSES = stated(("active", "recurrence", "relapse", "inactive", "remission", "resolved"))
OVER = {"inactive", "remission", "resolved"}
CATEGORY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/condition-category",
            "code": "problem-list-item",
        }
    ]
}


def severity_of(concept: Any) -> str:
    """Return the code of a severity, if it is one that forms offer."""
    return next((code for code in wording.codes(concept) if code in SEVERITIES), "")


class Condition(Entry):
    """A diagnosis: what, since when, how sure, how bad."""

    kind = "conditions"
    concepts = {"code": ("code", "code_text")}
    dates = (
        Dated("onset", "onset_at", "onsetDateTime", "onset"),
        Dated("abated", "abated_at", "abatementDateTime", "abatement"),
    )
    wrong = {"verification": "entered-in-error", "status": None}

    code = ConceptField("condition", label=_("Diagnosis"))
    status = choice(_("Status"), STATUSES, initial="active")
    verification = choice(_("How sure"), VERIFICATIONS, initial="confirmed")
    severity = choice(
        _("Severity"), [(code, words[0]) for code, words in SEVERITIES.items()], required=False
    )
    onset = When(label=_("Since"), required=False, help_text=_("A year or a month is enough."))
    abated = When(label=_("Until"), required=False)
    notes = entry.note_field()

    def clean(self) -> dict[str, Any]:
        """Refuse what contradicts itself."""
        said = super().clean() or self.cleaned_data
        self.check_order("onset", "abated")
        if said.get("abated") and said.get("status") not in OVER:
            self.add_error(
                "status", _("With an end it is inactive, in remission or resolved, not active.")
            )
        return said

    @classmethod
    def read(cls, row: Any) -> dict[str, Any]:
        """Return what the form shows of a row."""
        return super().read(row) | {
            "status": row.status,
            "verification": row.verification or "",
            "severity": severity_of(row.severity),
        }

    def values(self) -> dict[str, Any]:
        """Return the fields of the row and what they hold."""
        said, found = self.cleaned_data, super().values()
        found |= {"status": said["status"], "verification": said["verification"]}
        if self.is_said_anew("severity"):
            found["severity"] = severity_concept(said["severity"])
        if self.row is None:
            found["categories"] = values.pack([CATEGORY])
        if "onset_at" in found:
            recorded = self.row.recorded_at if self.row is not None else None
            found["occurred_at"] = found["onset_at"] or recorded
        return found


def severity_concept(code: str) -> Any:
    """Return a severity as FHIR writes it."""
    if not code:
        return None
    coding = {"system": SNOMED, "code": code, "display": SEVERITIES[code][1]}
    return values.pack({"coding": [coding], "text": SEVERITIES[code][1]})
