"""Forms of exports: what for and why, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from security.access.purposes import PURPOSE_LABELS, Purpose
from security.models import Export

LEAST_REASON = 10


def sentence(value: str) -> None:
    """Refuse a reason that says nothing."""
    letters = [letter for letter in value if letter.isalnum()]
    # Four Chinese characters say as much as a short English phrase.
    weight = sum(3 if ord(letter) > 0x2E7F else 1 for letter in letters)
    if weight < LEAST_REASON or len(set(letters)) < 3:
        raise ValidationError(_("Say in a few words what it is for."))


class Request(forms.Form):
    """What the file is for; the fields that narrow an export come from its own form."""

    purpose = forms.ChoiceField(label=_("Purpose"))
    kind = forms.ChoiceField(
        label=_("File"),
        choices=[("csv", _("CSV (text)")), ("xlsx", _("XLSX (spreadsheet)"))],
        initial=Export.Kind.CSV,
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who needs it and what for. It is kept with the export."),
    )

    def __init__(self, *args: Any, purposes: Sequence[Purpose] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["purpose"]
        field.choices = [(str(one), PURPOSE_LABELS[one]) for one in purposes]


class Refusal(forms.Form):
    """Why an export is refused."""

    reason = forms.CharField(label=_("Reason"), max_length=500, validators=[sentence])
