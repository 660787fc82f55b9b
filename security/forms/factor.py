"""Forms for codes of a second factor."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

APP_CODE = re.compile(r"^[0-9]{6}$")


class AppCode(forms.Form):
    """The six digits that an authenticator app shows."""

    code = forms.CharField(
        label=_("Six-digit code"),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "maxlength": "6",
                "autofocus": True,
            }
        ),
    )

    def clean_code(self) -> str:
        """Return the code without the spaces that some apps show."""
        code = re.sub(r"[\s\-]", "", self.cleaned_data["code"])
        if not APP_CODE.match(code):
            raise forms.ValidationError(_("Type the six digits that the app shows."))
        return code


class RecoveryCode(forms.Form):
    """One of the ten codes that were kept for a lost phone."""

    code = forms.CharField(
        label=_("Recovery code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
