"""A disclosure to somebody outside."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.models import Disclosure
from patients.queries.disclosures import LEFT_OUT

ACCOUNTED = [pair for pair in Disclosure.Ground.choices if pair[0] not in LEFT_OUT]
NOT_ACCOUNTED = [pair for pair in Disclosure.Ground.choices if pair[0] in LEFT_OUT]


class Note(forms.Form):
    """To whom, when, what, what for, and on what ground of the law."""

    disclosed_on = forms.DateField(
        label=_("Day of the disclosure"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    ground = forms.ChoiceField(
        label=_("Ground"),
        choices=[
            ("", _("Choose one")),
            (_("Accounted for"), ACCOUNTED),
            (_("Left out of the accounting by law"), NOT_ACCOUNTED),
        ],
    )
    recipient = forms.CharField(label=_("Recipient"), max_length=200)
    address = forms.CharField(
        label=_("Address of the recipient"),
        max_length=400,
        required=False,
        help_text=_("If it is known (164.528(b)(2)(ii))."),
    )
    what = forms.CharField(
        label=_("What was disclosed"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A short description, such as: report of the visit of 3 May."),
    )
    why = forms.CharField(
        label=_("What for"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    legal_basis = forms.CharField(
        label=_("Legal basis"),
        max_length=200,
        required=False,
        help_text=_("The provision, order or file number."),
    )
    silent_until = forms.DateField(
        label=_("Not told to the patient before"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("Only where an authority asked for it in writing (164.528(a)(2))."),
    )

    def clean_disclosed_on(self) -> date:
        """Refuse a day that lies ahead."""
        day: date = self.cleaned_data["disclosed_on"]
        if day > timezone.localdate():
            raise ValidationError(_("A disclosure is noted once it was made."))
        return day


class OnePatient(forms.Form):
    """Whose accounting is taken out."""

    patient = forms.UUIDField(
        label=_("Pseudonym of the patient"),
        help_text=_("It ends the address of the patient's pages."),
    )
