"""Writing notes, adding to them, and marking entries of the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.forms.versioned import Versioned
from patients.models import Note, PatientRecord
from patients.queries.entries import note_sections
from patients.queries.note_forms import SECTIONS

LONGEST = 20_000
# Clocks differ; a note about tomorrow is a mistake.
AHEAD = timedelta(minutes=10)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LOCAL = "%Y-%m-%dT%H:%M"


class NoteText(forms.Form):
    """What every note has; a template adds its sections."""

    template = forms.ChoiceField(choices=Note.Template.choices, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        required=False,
        help_text=_("Shown in lists; without one the note goes by its template."),
    )
    occurred_at = forms.DateTimeField(
        label=_("About"),
        input_formats=[LOCAL, "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
        help_text=_("When the contact took place."),
        error_messages={
            "required": _("Say when this was."),
            "invalid": _("This is no date and time."),
        },
    )

    def __init__(
        self, *args: Any, template: str, may_protect: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.sections = [section.key for section in SECTIONS[template]]
        self.fields["template"].choices = [(template, template)]  # type: ignore[attr-defined]
        for section in SECTIONS[template]:
            self.fields[section.key] = forms.CharField(
                label=str(section.label),
                required=False,
                max_length=LONGEST,
                widget=forms.Textarea(
                    attrs={
                        "rows": section.rows,
                        "placeholder": section.hint,
                        "class": "c-note__text",
                    }
                ),
            )
        if may_protect:
            self.fields["confidentiality"] = forms.ChoiceField(
                label=_("Who may read it"),
                choices=[
                    (
                        PatientRecord.Confidentiality.NORMAL,
                        _("Everybody who cares for the patient"),
                    ),
                    (
                        PatientRecord.Confidentiality.RESTRICTED,
                        _("Only named clinicians (specially protected)"),
                    ),
                ],
            )

    def clean_occurred_at(self) -> datetime:
        """Refuse an instant that can not be meant."""
        at: datetime = self.cleaned_data["occurred_at"]
        if at > timezone.now() + AHEAD:
            raise ValidationError(_("This lies in the future."))
        if at < EARLIEST:
            raise ValidationError(_("This lies too far back."))
        return at

    def clean(self) -> dict[str, Any]:
        """Ask for at least one word in one section."""
        found = super().clean() or {}
        typed = {key: found[key] for key in self.sections if found.get(key)}
        if not typed and not any(key in self.errors for key in self.sections):
            raise ValidationError(_("Write something into one of the sections first."))
        return found

    @property
    def words(self) -> dict[str, Any]:
        """Return title, time and sections of a valid form, as the row keeps them."""
        typed = {key: self.cleaned_data[key] for key in self.sections if self.cleaned_data[key]}
        return {
            "title": self.cleaned_data["title"],
            "occurred_at": self.cleaned_data["occurred_at"],
            "sections": typed,
        }

    @property
    def is_restricted(self) -> bool:
        """Tell whether the writer chose to protect the note."""
        return self.cleaned_data.get("confidentiality") == PatientRecord.Confidentiality.RESTRICTED


class NoteEdit(NoteText, Versioned):
    """A change of a note that was not signed yet."""


class Signing(Versioned):
    """Signing the version that was read."""


class Addendum(forms.Form):
    """What is added to a signed note."""

    text = forms.CharField(
        label=_("Addendum"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4, "class": "c-note__text"}),
        error_messages={"required": _("Write what is to be added.")},
    )


class Mistake(Versioned):
    """Marking a note as entered in error."""

    reason = forms.CharField(
        label=_("What was wrong"),
        max_length=500,
        error_messages={"required": _("Say what was wrong with the note.")},
    )


class Marking(Versioned):
    """Protecting an entry, or lifting its protection."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Kept on the trail. Write nothing of the content."),
        error_messages={"required": _("Say why.")},
    )
    is_restricted = forms.TypedChoiceField(
        choices=[("1", "1"), ("0", "0")], coerce=lambda sent: sent == "1", widget=forms.HiddenInput
    )


def initial_of(row: Note) -> dict[str, Any]:
    """Return a note as its form shows it; a protected one must be open to the reader."""
    if row.is_protected:
        row.uncover()
    return {
        "template": row.template,
        "title": row.title or "",
        "occurred_at": timezone.localtime(row.occurred_at) if row.occurred_at else None,
        **note_sections(row),
    }
