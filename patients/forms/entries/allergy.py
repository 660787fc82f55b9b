"""What a patient reacts to."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.fhir import values
from patients.forms.entries import entry
from patients.forms.entries.entry import Dated, Entry, choice, stated
from patients.forms.entries.fields import Concept, ConceptField, When, concept_of
from patients.queries import wording

TYPES = (("allergy", _("allergy")), ("intolerance", _("intolerance")))
VERIFICATIONS = (
    ("confirmed", _("confirmed")),
    ("unconfirmed", _("not confirmed")),
    ("refuted", _("refuted")),
)
STATUSES = stated(("active", "inactive", "resolved"))
SEVERITIES = (("mild", _("mild")), ("moderate", _("moderate")), ("severe", _("severe")))


class Allergy(Entry):
    """An allergy: to what, what happens, how dangerous."""

    kind = "allergies"
    concepts = {"code": ("code", "code_text")}
    dates = (Dated("onset", "onset_at", "onsetDateTime", "onset"),)
    wrong = {"verification": "entered-in-error", "status": None}

    code = ConceptField("allergy", label=_("Allergy to"))
    type = choice(_("Kind"), TYPES, required=False, initial="allergy")
    criticality = choice(_("Danger"), wording.CRITICALITIES.items(), required=False)
    reaction = ConceptField("reaction", label=_("Reaction"), required=False)
    severity = choice(_("How bad it was"), SEVERITIES, required=False)
    status = choice(_("Status"), STATUSES, initial="active")
    verification = choice(_("How sure"), VERIFICATIONS, initial="confirmed")
    onset = When(label=_("Since"), required=False, help_text=_("A year or a month is enough."))
    notes = entry.note_field()

    def speaks_up(self) -> bool:
        """Tell whether an allergy counts that did not count before."""
        said = self.cleaned_data
        stands = said.get("status") == "active" and said.get("verification") != "refuted"
        return stands and any(map(self.is_said_anew, ("code", "status", "verification")))

    def clean(self) -> dict[str, Any]:
        """Refuse how bad a reaction was where none is named."""
        said = super().clean() or self.cleaned_data
        if said.get("severity") and not said.get("reaction") and "reaction" not in self.errors:
            self.add_error("reaction", _("Name the reaction that was this bad."))
        return said

    @classmethod
    def read(cls, row: Any) -> dict[str, Any]:
        """Return what the form shows of a row."""
        first = next(iter(wording.parts(row.reactions)), {})
        severity = first.get("severity")
        return super().read(row) | {
            "type": row.kind or "",
            "criticality": row.criticality or "",
            "reaction": concept_of(first.get("manifestation")),
            "severity": severity if isinstance(severity, str) else "",
            "status": row.status,
            "verification": row.verification or "",
        }

    def values(self) -> dict[str, Any]:
        """Return the fields of the row and what they hold."""
        said, found = self.cleaned_data, super().values()
        found |= {
            "kind": said["type"] or None,
            "criticality": said["criticality"] or None,
            "status": said["status"],
            "verification": said["verification"],
        }
        if self.is_said_anew("reaction") or self.is_said_anew("severity"):
            found["reactions"] = self._reactions(said["reaction"], said["severity"])
        if "onset_at" in found:
            recorded = self.row.recorded_at if self.row is not None else None
            found["occurred_at"] = found["onset_at"] or recorded
        return found

    def _reactions(self, reaction: Concept, severity: str) -> Any:
        """Return the reactions with the first one as it is said now; others stay as they are."""
        before = wording.parts(self.row.reactions) if self.row is not None else []
        first, others = (before or [{}])[0], before[1:]
        if not reaction:
            return values.pack(others) or None
        told = {**first, "severity": severity}
        if self.is_said_anew("reaction"):
            told["manifestation"] = [reaction.codeable()]
        told = {name: said for name, said in told.items() if said}
        return values.pack([told, *others])
