"""Forms of the workspace's own pages."""

from __future__ import annotations

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy as _


class Day(forms.Form):
    """One day, or all of them."""

    day = forms.DateField(
        label=_("Day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def clean_day(self) -> date | None:
        """Refuse days that no clock reaches."""
        day: date | None = self.cleaned_data["day"]
        if day is not None and not date(1970, 1, 2) <= day <= date(9998, 12, 31):
            raise forms.ValidationError(_("Choose a day of this system's life."))
        return day
