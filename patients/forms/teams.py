"""Members of care teams, handing patients over, and colleagues who are patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.assignment import Ticks
from patients.models import StaffLink

Choices = Sequence[tuple[str, str]]
GONE = _("The list has changed. Please choose again.")


class NewTeam(forms.Form):
    """A new care team, in both languages."""

    name = forms.CharField(label=_("Name of the team"), max_length=120)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=120, required=False)


class NewMember(forms.Form):
    """A colleague who joins a team, until a day or for good."""

    colleague = forms.ChoiceField(label=_("Colleague"), error_messages={"invalid_choice": GONE})
    ends_on = forms.DateField(
        label=_("Last day"),
        help_text=_("Leave empty for good."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, staff: Choices = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["colleague"]
        field.choices = [("", _("Choose")), *staff]


class Handover(forms.Form):
    """Which patients go to whom."""

    patients = Ticks()
    taker = forms.ChoiceField(label=_("Who takes over"), error_messages={"invalid_choice": GONE})

    def __init__(self, *args: Any, takers: Choices = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["taker"]
        field.choices = [("", _("Choose")), *takers]


class Colleague(forms.Form):
    """Which colleague must stay out of this record, and why."""

    colleague = forms.ChoiceField(label=_("Colleague"), error_messages={"invalid_choice": GONE})
    kind = forms.ChoiceField(label=_("The patient is"), choices=StaffLink.Kind.choices)

    def __init__(self, *args: Any, staff: Choices = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["colleague"]
        field.choices = [("", _("Choose")), *staff]
