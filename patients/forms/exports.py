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


class BillingMonth(forms.Form):
    """Which month of bills is taken out."""

    month = forms.RegexField(
        label=_("Month"),
        regex=r"^(19|20)\d\d-(0[1-9]|1[0-2])$",
        widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-01"}),
        error_messages={"invalid": _("Give the month as 2026-01.")},
    )
