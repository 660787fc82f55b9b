"""Giving patients to a clinician."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST = 200


class Ticks(forms.Field):
    """The ticked rows of a list, by their ids."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "required": _("Tick at least one patient."),
        "invalid": _("The list has changed. Please tick again."),
        "many": _("Please give at most %(most)d patients at a time."),
    }

    def to_python(self, value: Any) -> list[UUID]:
        """Return the ids, each once, in the order of the list."""
        ticked = list(dict.fromkeys(value or ()))
        if len(ticked) > MOST:
            raise ValidationError(self.error_messages["many"], params={"most": MOST})
        try:
            return [UUID(one) for one in ticked]
        except ValueError:
            raise ValidationError(self.error_messages["invalid"]) from None


class Assignment(forms.Form):
    """Which patients are given to which clinician."""

    patients = Ticks()
    doctor = forms.ChoiceField(
        label=_("Responsible doctor"),
        error_messages={
            "required": _("Choose the doctor."),
            "invalid_choice": _("This person does not care for patients any more."),
        },
    )

    def __init__(
        self, *args: Any, clinicians: Sequence[tuple[str, str]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["doctor"]
        field.choices = [("", _("Choose a doctor")), *clinicians]
