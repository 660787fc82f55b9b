"""Forms of erasures, holds and rules of retention."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consent.services.retention_rules import MOST_MONTHS
from patients.models import Patient
from security.forms.exports import sentence
from security.models import User

DAY = {"type": "date"}


def _reason(help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=_("Reason"), max_length=1000, validators=[sentence], help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label, required=False, help_text=help_text, input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
    )  # fmt: skip


class Subject(forms.Form):
    """Whose data are to be erased, and why."""

    subject = forms.UUIDField(
        label=_("Pseudonym"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Of a patient or a colleague, as the trail shows it."),
    )
    request = forms.UUIDField(required=False, widget=forms.HiddenInput)
    reason = _reason(_("Sealed. Name nobody in it: it outlives the record."))

    def clean(self) -> dict[str, Any]:
        """Tell whether it is a patient or a colleague; refuse who is neither."""
        found: dict[str, Any] = self.cleaned_data
        subject = found.get("subject")
        if subject is None:
            return found
        found["is_patient"] = Patient._base_manager.filter(pk=subject).exists()
        if not found["is_patient"] and not User.objects.staff().filter(pk=subject).exists():
            raise ValidationError(_("Nobody has this pseudonym."))
        return found


class Approval(forms.Form):
    """The plan that somebody read."""

    plan_sha256 = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)


class GiveUp(forms.Form):
    """Why a plan is given up."""

    reason = _reason()


class Hold(forms.Form):
    """Of whom nothing is erased, why, and until when."""

    subject = forms.UUIDField(
        label=_("Pseudonym of a patient"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Or, for everybody who was seen in a time, the two days below."),
    )
    seen_from = _day(_("Seen from"))
    seen_until = _day(_("Seen until"))
    until_on = _day(_("Holds until"), _("Empty: until somebody lifts it."))
    reason = _reason(_("Sealed: court, file number, who asked for it."))

    def clean_subject(self) -> Any:
        """Refuse a pseudonym that is no patient's."""
        subject = self.cleaned_data["subject"]
        if subject is not None and not Patient._base_manager.filter(pk=subject).exists():
            raise ValidationError(_("Nobody has this pseudonym."))
        return subject

    def clean(self) -> dict[str, Any]:
        """Return the two days of visits as one."""
        found: dict[str, Any] = self.cleaned_data
        days = (found.get("seen_from"), found.get("seen_until"))
        if any(days) and not all(days):
            raise ValidationError(_("Name both days of visits."))
        found["seen"] = days if all(days) else None
        return found


class Rule(forms.Form):
    """How long one kind of record is kept, by which article, and why that is changed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    months = forms.IntegerField(label=_("Months"), min_value=0, max_value=MOST_MONTHS)
    days = forms.IntegerField(label=_("Days"), min_value=0, max_value=3660)
    minor_months = forms.IntegerField(
        label=_("Months after coming of age"), required=False, min_value=0, max_value=MOST_MONTHS,
        help_text=_("Of somebody who was a minor then, where that is longer."),
    )  # fmt: skip
    article = forms.CharField(label=_("Law and article"), max_length=160)
    is_on = forms.BooleanField(label=_("In use"), required=False)
    reason = _reason()


class Lift(forms.Form):
    """Why a hold is lifted."""

    reason = _reason()
