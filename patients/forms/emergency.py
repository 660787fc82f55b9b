"""Finding somebody in an emergency, and breaking the glass."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.meaning import meaningful
from patients.models import BreakGlass
from patients.services.emergencies import FEWEST_CHARACTERS

MINUTES = (
    (15, _("15 minutes")),
    (30, _("30 minutes")),
    (60, _("1 hour")),
    (120, _("2 hours")),
    (240, _("4 hours")),
)
OLDEST = date(1880, 1, 1)


class Finder(forms.Form):
    """An exact number, or the full name and the day of birth."""

    number = forms.CharField(
        label=_("Record, ID or insurance number"),
        help_text=_("The whole number, exactly."),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Full name"),
        help_text=_("Family name and given name, together with the day of birth."),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    birth_on = forms.DateField(
        label=_("Day of birth"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
    )

    def clean_birth_on(self) -> date | None:
        """Refuse days on which nobody who lives was born."""
        given: date | None = self.cleaned_data["birth_on"]
        if given and not OLDEST <= given <= timezone.localdate() + timedelta(days=1):
            raise ValidationError(_("Nobody who is alive was born on this day."))
        return given

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two ways, whole."""
        data: dict[str, Any] = super().clean() or {}
        is_whole = data.get("number") or (data.get("name") and data.get("birth_on"))
        if not is_whole and not self.errors:
            raise ValidationError(_("Give an exact number, or the full name and the day of birth."))
        return data


class BreakTheGlass(forms.Form):
    """Why the care team cannot be waited for, and for how long."""

    code = forms.ChoiceField(
        label=_("Kind of emergency"),
        choices=[("", _("Choose")), *BreakGlass.Code.choices],
        error_messages={"required": _("Choose the kind of emergency.")},
    )
    reason = forms.CharField(
        label=_("What happened, and why can the care team not be waited for?"),
        help_text=_("At least 15 meaningful characters. The compliance officer reads this."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what happened.")},
    )
    minutes = forms.TypedChoiceField(
        label=_("For how long"), choices=MINUTES, coerce=int, initial=60
    )

    def clean_reason(self) -> str:
        """Refuse a reason that says nothing."""
        reason: str = self.cleaned_data["reason"]
        if meaningful(reason) < FEWEST_CHARACTERS:
            raise ValidationError(
                _(
                    "This says too little. Write at least 15 meaningful characters: "
                    "repeated letters and words do not count."
                )
            )
        return reason
