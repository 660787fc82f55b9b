"""Days of the calendar, one by one or from a list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consent.models import CalendarDay
from patients.forms.billing import day
from patients.forms.versioned import Versioned

MOST_BYTES = 64 * 1024


class Change(Versioned):
    """What a day is, in both languages."""

    kind = forms.ChoiceField(label=_("What it is"), choices=CalendarDay.Kind.choices)
    name = forms.CharField(label=_("English name"), max_length=80)
    name_zh = forms.CharField(
        label=_("Chinese name"), max_length=80, widget=forms.TextInput(attrs={"lang": "zh-Hans"})
    )


class Add(Change):
    """One more day."""

    version = None  # type: ignore[assignment]
    day = day(_("Day"))
    field_order = ("day", "kind", "name", "name_zh")


class ReadIn(forms.Form):
    """A list of days as a file."""

    file = forms.FileField(
        label=_("List of days"),
        help_text=_("CSV with the columns day, kind (holiday or worked), name, name_zh."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> str:
        """Return the text of the list."""
        sent: Any = self.cleaned_data["file"]
        if (sent.size or 0) > MOST_BYTES:
            raise ValidationError(_("This file is too large for a list of days."))
        try:
            text: str = sent.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValidationError(_("This file is not written in UTF-8.")) from None
        return text
