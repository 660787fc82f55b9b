"""Handing over what a colleague who leaves is responsible for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class HandOver(forms.Form):
    """To whom everything goes."""

    successor = forms.ChoiceField(
        label=_("Successor"),
        error_messages={
            "required": _("Choose the successor."),
            "invalid_choice": _("This person does not care for patients any more."),
        },
    )

    def __init__(
        self, *args: Any, clinicians: Sequence[tuple[str, str]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["successor"]
        field.choices = [("", _("Choose a colleague")), *clinicians]
