"""Verdicts on emergency accesses, and who looks at them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.models import Review
from audit.queries import officers
from audit.services.reviews import BY_RECEPTION
from security.forms.exports import sentence
from security.models import User


class Officer(forms.Form):
    """Who works on it."""

    officer = forms.ChoiceField(label=_("Officer"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["officer"]
        chosen.choices = officers.choices()

    def clean_officer(self) -> User:
        """Return the officer's account."""
        found: User = User.objects.get(pk=self.cleaned_data["officer"])
        return found


class Verdict(forms.Form):
    """What the review came to, and what was found."""

    verdict = forms.ChoiceField(
        label=_("Verdict"), choices=Review.Verdict.choices, widget=forms.RadioSelect
    )
    finding = forms.CharField(
        label=_("What you found"),
        max_length=4000,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Sealed. The patient is told that the record was opened, never this text."),
    )


class Told(forms.Form):
    """In which way reception told a patient."""

    way = forms.ChoiceField(
        label=_("Told in which way"), choices=[(str(one), one.label) for one in BY_RECEPTION]
    )
