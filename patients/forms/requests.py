"""Asking for access, referring, and the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from patients.meaning import meaningful
from patients.queries.excerpts import SECTIONS
from patients.services.access_requests import FEWEST_CHARACTERS, LONGEST_DAYS
from patients.services.referrals import LONGEST_DAYS as LONGEST_REFERRAL
from patients.services.referrals import USUAL_DAYS


class Ask(forms.Form):
    """Why somebody needs to be let in, and for how long."""

    reason = forms.CharField(
        label=_("Why do you need access?"),
        help_text=_("The responsible doctor reads this and decides."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why you need access to this patient's record.")},
    )
    days = forms.IntegerField(
        label=_("For how many days"), min_value=1, max_value=LONGEST_DAYS, initial=30
    )

    def clean_reason(self) -> str:
        """Refuse a reason that says nothing."""
        reason: str = self.cleaned_data["reason"]
        if meaningful(reason) < FEWEST_CHARACTERS:
            raise ValidationError(_("Say why you need access to this patient's record."))
        return reason


class Decline(forms.Form):
    """Why not; the colleague reads it."""

    answer = forms.CharField(
        label=_("Reason for declining"),
        max_length=500,
        error_messages={"required": _("Say why, in a word to the colleague.")},
    )


class Refer(forms.Form):
    """Whom to ask, what, and what the colleague may see before accepting."""

    colleague = forms.ChoiceField(
        label=_("Colleague"), error_messages={"required": _("Choose the colleague.")}
    )
    days = forms.IntegerField(
        label=_("For how many days"), min_value=1, max_value=LONGEST_REFERRAL, initial=USUAL_DAYS
    )
    question = forms.CharField(
        label=_("Your question"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what you ask the colleague.")},
    )
    sections = forms.MultipleChoiceField(
        label=_("What the colleague sees before accepting"),
        help_text=_(
            "Tick as little as the question needs. Specially protected entries are never sent."
        ),
        choices=list(SECTIONS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self, *args: Any, clinicians: Sequence[tuple[str, str]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["colleague"]
        field.choices = [("", _("Choose")), *clinicians]
