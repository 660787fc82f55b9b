"""Joining two records: which value counts, and that somebody compared both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.registration import Line
from patients.merging import ABSORBED, SURVIVOR

SIDES = ((SURVIVOR, _("of the record that stays")), (ABSORBED, _("of the other record")))


class Reason(forms.Form):
    """Why a deed is done that is hard to overlook."""

    reason = Line(
        label=_("Reason"),
        max_length=500,
        error_messages={"required": _("Say in a few words why.")},
    )


class Joining(Reason):
    """The decision to join two records."""

    survivor_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    absorbed_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    is_birth_confirmed = forms.BooleanField(
        label=_("They were born on different days: I know which one is a mistake."), required=False
    )
    is_compared = forms.BooleanField(
        label=_("I compared both records: they are one person's."),
        error_messages={"required": _("Compare both records, then tick this.")},
    )

    def __init__(
        self, *args: Any, conflicts: Sequence[tuple[str, Any]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.choosing = [key for key, _label in conflicts]
        for key, label in conflicts:
            self.fields[f"take_{key}"] = forms.ChoiceField(
                label=label, choices=SIDES, initial=SURVIVOR, widget=forms.RadioSelect
            )
        if "birth_on" not in self.choosing:
            del self.fields["is_birth_confirmed"]

    def choices(self) -> dict[str, str]:
        """Return for each field whose value counts."""
        return {key: self.cleaned_data[f"take_{key}"] for key in self.choosing}


class Undoing(Reason):
    """The decision to take two records apart."""

    survivor_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class OtherRecord(forms.Form):
    """The other record, by the number on it."""

    number = Line(
        label=_("Record number or number on a document"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
