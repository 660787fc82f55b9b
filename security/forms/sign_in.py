"""Forms of the sign-in page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class Forgotten(forms.Form):
    """The name of somebody who forgot the password."""

    name = forms.CharField(
        label=_("E-mail address or phone number"),
        max_length=254,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class SignIn(Forgotten):
    """Name and password; the password is taken exactly as typed (ASVS 6.2.8)."""

    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
