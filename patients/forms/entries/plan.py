"""Care plans."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from patients.fhir import values
from patients.forms.entries import entry
from patients.forms.entries.entry import Dated, Entry, choice, stated
from patients.forms.entries.fields import ConceptField, When, Words
from patients.queries import wording

STATUSES = stated(("active", "draft", "on-hold", "revoked", "completed"))
INTENTS = (("plan", _("plan")), ("order", _("order")), ("proposal", _("proposal")))
MOST_STEPS = 40


class Steps(Words):
    """What is to be done, a line each."""

    def clean(self, value: Any) -> str:
        """Return the lines that hold something."""
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_STEPS:
            raise ValidationError(
                _("A plan has at most %(most)d steps."), params={"most": MOST_STEPS}
            )
        if any(len(line) > 300 for line in lines):
            raise ValidationError(_("A step has at most 300 characters."))
        return "\n".join(lines)


class Plan(Entry):
    """A care plan: what for, from when to when, what is to be done."""

    kind = "plans"
    concepts = {"code": ("categories", "code_text")}
    dates = (
        Dated("begins", "occurred_at", "", "period"),
        Dated("ends", "ended_at", "", "period"),
    )

    code = ConceptField("plan", label=_("Plan"))
    title = Words(label=_("Title"), required=False, max_length=200)
    description = Words(label=_("Aim"), lines=2, required=False, max_length=2000)
    steps = Steps(
        label=_("What is to be done"), lines=5, required=False, max_length=12000,
        help_text=_("A line for each step."),
    )  # fmt: skip
    begins = When(label=_("From"), may_be_future=True)
    ends = When(label=_("Until"), may_be_future=True, required=False)
    status = choice(_("Status"), STATUSES, initial="active")
    intent = choice(_("Meant as"), INTENTS, initial="plan")
    notes = entry.note_field()

    def clean(self) -> dict[str, Any]:
        """Refuse what ends before it begins."""
        said = super().clean() or self.cleaned_data
        self.check_order("begins", "ends")
        return said

    @classmethod
    def read(cls, row: Any) -> dict[str, Any]:
        """Return what the form shows of a row."""
        return super().read(row) | {
            "title": row.title or "",
            "description": row.description or "",
            "steps": "\n".join(filter(None, map(step_of, wording.parts(row.activities)))),
            "status": row.status,
            "intent": row.intent or "",
        }

    def values(self) -> dict[str, Any]:
        """Return the fields of the row and what they hold."""
        said = self.cleaned_data
        found = super().values() | {
            "title": said["title"] or None,
            "description": said["description"] or None,
            "status": said["status"],
            "intent": said["intent"],
            "extra": self.period_of("period", "", "period"),
        }
        if self.is_said_anew("steps"):
            found["activities"] = self._activities(said["steps"].splitlines())
        return found

    def _activities(self, lines: list[str]) -> Any:
        """Return the steps; one whose words are as before keeps what an import said of it."""
        before = wording.parts(self.row.activities) if self.row is not None else []
        # A step that is only referred to has no words of its own, and stays.
        kept = [step for step in before if not step_of(step)]
        known = {step_of(step): step for step in before if step_of(step)}
        fresh = [
            known.get(line, {"detail": {"code": {"text": line}, "status": "scheduled"}})
            for line in lines
        ]
        return values.pack([*fresh, *kept]) or None


def step_of(activity: dict[str, Any]) -> str:
    """Return a step in one line."""
    detail = activity.get("detail")
    if not isinstance(detail, dict):
        return ""
    told = wording.concept(detail.get("code")) or detail.get("description")
    return " ".join(told.split()) if isinstance(told, str) else ""
