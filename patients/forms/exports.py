"""What narrows the exports of this app."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class PatientList(forms.Form):
    """Which patients a list holds."""

    since = forms.DateField(
        label=_("Active since"),
        required=False,
        help_text=_("Leave empty for everybody you reach."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
