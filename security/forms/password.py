"""The form to change one's own password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _


def _password(label: Any, autocomplete: str, help_text: Any = "") -> forms.CharField:
    # Managers and pasting are welcome (ASVS 6.2.6-6.2.7); nothing is stripped or cut.
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(
        label=label, max_length=256, strip=False, widget=widget, help_text=help_text
    )


class NewPassword(forms.Form):
    """A new password, twice; taken exactly as typed (ASVS 6.2.8)."""

    new = _password(_("New password"), "new-password")
    again = _password(_("New password again"), "new-password")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["new"].help_text = " ".join(
            password_validation.password_validators_help_texts()
        )

    def clean(self) -> dict[str, Any]:
        """Compare the new password with its repetition."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "new" in cleaned and "again" in cleaned and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("The two new passwords are not the same."))
        return cleaned


class ChangePassword(NewPassword):
    """The password in use and the new one, twice."""

    old = _password(_("Password in use"), "current-password")
    field_order = ("old", "new", "again")


class KnownPassword(forms.Form):
    """The password that the person kept when the second factor was lost."""

    password = _password(_("Password"), "current-password")
