"""Which days the figures look at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.queries import figures


class Days(forms.Form):
    """The period of the figures."""

    days = forms.ChoiceField(label=_("Period"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["days"]
        field.choices = figures.period_choices()
        field.initial = str(figures.USUAL)

    def clean_days(self) -> int:
        """Return the number of days."""
        return int(self.cleaned_data["days"] or figures.USUAL)
