"""Disclosures to third parties: whom they go to, what is planned, what stays ticked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingPurpose, Recipient
from consent.queries.leaving import SECTIONS, Line, Period
from consent.services.disclosures import Planned
from consent.services.permits import NEVER_PLANNED
from patients.models import Disclosure
from security.forms.exports import sentence
from security.models import Export

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Registered(forms.Form):
    """Somebody outside to whom data may go."""

    name = forms.CharField(label=_("Name"), max_length=160)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=160, required=False)
    key = forms.SlugField(
        label=_("Key"),
        max_length=40,
        help_text=_("Letters, digits and hyphens, for good: consents name the recipient by it."),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Recipient.Kind.choices)
    contact = forms.CharField(
        label=_("Contact"), max_length=400, help_text=_("Address, phone number or e-mail.")
    )
    country = forms.CharField(
        label=_("Country"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Za-z]{2}$", _("Two letters, such as CN, DE or US."))],
        help_text=_("Two letters, such as CN, DE or US."),
    )
    is_abroad = forms.BooleanField(
        label=_("This is abroad for the clinic: the rules on crossing a border apply."),
        required=False,
    )

    def clean_country(self) -> str:
        """Return the country in capitals."""
        return str(self.cleaned_data["country"]).upper()


class Plan(forms.Form):
    """To whom, what for, on what ground, which parts of the record and of which time."""

    recipient = forms.ModelChoiceField(
        label=_("Recipient"),
        queryset=Recipient.objects.none(),
        empty_label=_("Choose one"),
        help_text=_("Officers keep the register of recipients."),
    )
    processing = forms.ModelChoiceField(
        label=_("Purpose"),
        queryset=ProcessingPurpose.objects.none(),
        empty_label=_("Choose one"),
    )
    ground = forms.ChoiceField(
        label=_("Ground"),
        choices=[
            ("", _("Choose one")),
            *(pair for pair in Disclosure.Ground.choices if pair[0] not in NEVER_PLANNED),
        ],
        help_text=_(
            "Where the law wants the patient's authorisation, it is looked for and checked."
        ),
    )
    legal_basis = forms.CharField(
        label=_("Legal basis"),
        max_length=200,
        required=False,
        help_text=_("The provision, order or file number."),
    )
    sections = forms.MultipleChoiceField(
        label=_("Parts of the record"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "As little as the purpose needs; every entry can be left out on the next page."
        ),
    )
    since = forms.DateField(label=_("From"), required=False, widget=DAY, input_formats=["%Y-%m-%d"])
    until = forms.DateField(label=_("To"), required=False, widget=DAY, input_formats=["%Y-%m-%d"])
    with_protected = forms.BooleanField(
        label=_("Specially protected entries as well, which the authorisation must name."),
        required=False,
    )
    why = forms.CharField(
        label=_("What for"),
        max_length=500,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stands in the accounting that the patient can ask for."),
    )

    def __init__(self, *args: Any, sections: Collection[str], **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["recipient"].queryset = Recipient.objects.in_use().order_by("name", "pk")
        fields["processing"].queryset = ProcessingPurpose.objects.active().order_by("key")
        for name in ("recipient", "processing"):
            fields[name].label_from_instance = lambda row: row.label
        fields["sections"].choices = [(key, SECTIONS[key].label) for key in sections]

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            raise ValidationError(_("The period ends before it begins."))
        return said

    @property
    def planned(self) -> Planned:
        """Return what was said, for the deed."""
        said = dict(self.cleaned_data)
        return Planned(period=Period(said.pop("since"), said.pop("until")), **said)


class Choose(forms.Form):
    """Which of the lines stay, and as which file they leave."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("File"),
        choices=[
            (Export.Kind.CSV, _("CSV (text)")),
            (Export.Kind.XLSX, _("XLSX (spreadsheet)")),
        ],
    )
    keys = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, lines: Collection[Line], **options: Any) -> None:
        super().__init__(*args, **options)
        keys: Any = self.fields["keys"]
        keys.choices = [(one.key, one.text) for one in lines if not one.is_locked]

    @property
    def said(self) -> Mapping[str, Any]:
        """Return what was said, for the deed."""
        return self.cleaned_data


class OneDisclosure(forms.Form):
    """Which disclosure a file is of."""

    disclosure = forms.UUIDField(
        label=_("Disclosure"), help_text=_("It ends the address of the page of the disclosure.")
    )
