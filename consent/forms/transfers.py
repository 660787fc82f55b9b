"""Forms of the cross-border register."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.models import OverseasRecipient, ProcessingPurpose
from consent.services.overseas import CONTENT
from security.classification import CATEGORY_LABELS


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        **options,
    )


class Recipient(forms.Form):
    """Who receives data abroad, and what allows it."""

    version = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("English name"), max_length=160)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=160)
    contact = forms.CharField(
        label=_("Contact"),
        max_length=300,
        help_text=_("Where people use their rights against the recipient (PIPL 39)."),
    )
    country = forms.RegexField(
        label=_("Country"),
        regex=r"^[A-Za-z]{2}$",
        max_length=2,
        help_text=_("Two letters (ISO 3166), such as DE, SG or HK."),
        error_messages={"invalid": _("Give the two letters of the country.")},
    )
    purpose = forms.ModelChoiceField(label=_("Purpose"), queryset=ProcessingPurpose.objects.none())
    categories = forms.MultipleChoiceField(
        label=_("Kinds of data"),
        choices=[(str(key), label) for key, label in CATEGORY_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    mechanism = forms.ChoiceField(label=_("Mechanism"), choices=OverseasRecipient.Mechanism.choices)
    reference = forms.CharField(label=_("Number or reference"), required=False, max_length=120)
    mechanism_on = _day(_("In force since"))
    expires_on = _day(_("Last day"), required=False)
    needs_separate_consent = forms.BooleanField(
        label=_("Separate consent is asked"), required=False, initial=True
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["purpose"]
        field.queryset = ProcessingPurpose.objects.active().filter(is_cross_border=True)
        field.label_from_instance = lambda row: row.label

    def clean_country(self) -> str:
        """Return the letters of the country as they are stored."""
        return str(self.cleaned_data["country"]).upper()

    def content(self) -> dict[str, Any]:
        """Return what the register is to say."""
        return {name: self.cleaned_data[name] for name in CONTENT}


class Entry(Recipient):
    """A recipient that is entered, with its key."""

    key = forms.SlugField(
        label=_("Key"),
        max_length=40,
        help_text=_("A short word that never changes; agreements name the recipient by it."),
    )
    field_order = ("key", "name", "name_zh")


def initial_of(row: OverseasRecipient) -> dict[str, Any]:
    """Return a recipient as its form shows it."""
    return {name: getattr(row, name) for name in (*CONTENT, "version")}


def shown(name: str, values: Any) -> str:
    """Return one part of a recipient as a line of text, to compare two of them."""
    value = values.get(name)
    if isinstance(value, ProcessingPurpose):
        return value.label
    if isinstance(value, list | tuple):
        return ", ".join(str(CATEGORY_LABELS.get(one, one)) for one in value) or "–"
    return "–" if value in (None, "") else str(value)
