"""An access that a patient does not recognise."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class Question(forms.Form):
    """Which access, and what the patient says about it."""

    event = forms.UUIDField(widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("What the patient says"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("In the patient's own words; it may be left empty."),
    )
