"""The templates of notes: which sections each has, and what belongs into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.models import Note


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a note; `key` is how it is stored and never changes."""

    key: str
    label: Promise
    hint: Promise
    rows: int = 4


SECTIONS: Mapping[str, tuple[Section, ...]] = {
    Note.Template.SOAP: (
        Section("subjective", _("Subjective"), _("What the patient tells, in the patient's words")),
        Section("objective", _("Objective"), _("What was found and measured")),
        Section("assessment", _("Assessment"), _("What it means")),
        Section("plan", _("Plan"), _("What is done, ordered and agreed, and until when")),
    ),
    Note.Template.PHONE: (
        Section("caller", _("Who called"), _("The patient or whoever called for the patient"), 1),
        Section("concern", _("Reason for the call"), _("What the call was about")),
        Section("advice", _("Advice given"), _("What was said, and the signs to come back for")),
        Section("agreed", _("Agreed"), _("What happens next, and who does it"), 2),
    ),
    Note.Template.VISIT: (
        Section("complaint", _("Reason for the visit"), _("Why the patient came"), 2),
        Section("history", _("History"), _("How it began and went on")),
        Section("findings", _("Findings"), _("Examination and results")),
        Section("assessment", _("Assessment"), _("What it means")),
        Section("plan", _("Plan"), _("What is done, ordered and agreed, and until when")),
    ),
    Note.Template.FREE: (Section("text", _("Text"), _("Write freely"), 10),),
}


def labels(template: str) -> dict[str, Promise]:
    """Return the names of a template's sections by their keys, in order."""
    return {section.key: section.label for section in SECTIONS[template]}
