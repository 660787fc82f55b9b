"""Opening a case, naming patients in it, and closing it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from audit.forms.reviews import Officer
from audit.models import Case
from audit.services.cases import MOST_PATIENTS
from security.forms.exports import sentence


class Open(Officer):
    """What a case is to answer, about whom, and who works on it."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Case.Kind.choices)
    question = forms.CharField(
        label=_("Question"),
        max_length=2000,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the case is to find out. Sealed."),
    )
    patients = forms.CharField(
        label=_("Patients"),
        required=False,
        max_length=50 * MOST_PATIENTS,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Their pseudonyms, one in a line, as the trail or the address of a chart shows them."
        ),
    )
    review = forms.UUIDField(required=False, widget=forms.HiddenInput)
    alert = forms.UUIDField(required=False, widget=forms.HiddenInput)

    field_order = ("kind", "officer", "question", "patients", "review", "alert")

    def clean_patients(self) -> list[UUID]:
        """Return the patients that were named."""
        try:
            return [UUID(text) for text in self.cleaned_data["patients"].split()]
        except ValueError:
            raise ValidationError(_("One of these is no pseudonym.")) from None


class Name(forms.Form):
    """One more patient of a case."""

    subject = forms.UUIDField(
        label=_("Pseudonym of one more patient"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class Close(forms.Form):
    """What came out of a case."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.CharField(
        label=_("Outcome"),
        max_length=4000,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Sealed. Closing ends the access to the patients in the same moment."),
    )
