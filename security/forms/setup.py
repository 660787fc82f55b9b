"""Forms of the set-up; the command and the page ask the same."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from security.models import ClinicProfile
from security.models.clinic import GUARDIAN_AGE_LIMIT
from security.services.clinics import Person, Profile


class SetUpCode(forms.Form):
    """The code that the command printed."""

    code = forms.CharField(
        label=_("Set-up code"),
        max_length=60,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class SetUp(forms.Form):
    """The clinic, its laws and languages, and the two people who begin."""

    name = forms.CharField(label=_("Name of the clinic"), max_length=120)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=120, required=False)
    laws = forms.MultipleChoiceField(
        label=_("Laws that apply"),
        choices=ClinicProfile.Law.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Deadlines, notices and reports follow them. Tick every one that may apply."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages of the staff"),
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Everybody can switch at any time; messages go out in the person's own language."
        ),
    )
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=64, help_text=_("Such as Asia/Shanghai or Europe/Berlin.")
    )
    guardian_age = forms.IntegerField(
        label=_("A guardian decides for patients below the age of"),
        min_value=0,
        max_value=GUARDIAN_AGE_LIMIT,
        help_text=_("14 under the PIPL; single patients can differ."),
    )
    administrator_name = forms.CharField(label=_("Name of the first administrator"), max_length=120)
    administrator_email = forms.EmailField(label=_("E-mail address of the first administrator"))
    officer_name = forms.CharField(label=_("Name of the first compliance officer"), max_length=120)
    officer_email = forms.EmailField(label=_("E-mail address of the first compliance officer"))

    def clean_time_zone(self) -> str:
        """Take the name of a time zone alone."""
        name: str = self.cleaned_data["time_zone"]
        if name not in available_timezones():
            raise forms.ValidationError(_("There is no time zone of this name."))
        return name

    def profile(self) -> Profile:
        """Return what the clinic said of itself."""
        said = self.cleaned_data
        names = ("name", "name_zh", "laws", "languages", "time_zone", "guardian_age")
        return Profile(**{name: said[name] for name in names})

    def person(self, who: str) -> Person:
        """Return one of the two who begin: "administrator" or "officer"."""
        said = self.cleaned_data
        return Person(said[f"{who}_name"], said[f"{who}_email"])


def usual() -> dict[str, Any]:
    """Return what stands in the form at first."""
    return {"time_zone": settings.TIME_ZONE, "guardian_age": 14, "languages": ["en", "zh-hans"]}
