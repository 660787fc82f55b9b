"""Forms of the register of purposes: what one says, why it is changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from consent import vocabulary
from consent.laws import GROUNDS, Law
from consent.models import ProcessingPurpose
from consent.queries import purposes as queries
from security.access.purposes import PURPOSE_LABELS
from security.classification import CATEGORY_LABELS
from security.forms.exports import sentence

MOST_RECIPIENTS = 50
PARTS = 4
ROLES = {"controller": _("controller"), "processor": _("processor")}


class Reason(forms.Form):
    """Why something of a register is changed."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the history that the whole staff reads: name no patient."),
    )


class Content(Reason):
    """What a purpose says."""

    version = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("English name"), max_length=120)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=120)
    description = forms.CharField(
        label=_("What it is about"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    description_zh = forms.CharField(
        label=_("What it is about, in Chinese"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    people = forms.MultipleChoiceField(
        label=_("Whose data"),
        choices=list(vocabulary.PEOPLE.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    categories = forms.MultipleChoiceField(
        label=_("Data"),
        choices=[(str(key), label) for key, label in CATEGORY_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    level = forms.TypedChoiceField(
        label=_("Highest level of data"),
        coerce=int,
        choices=[(number, str(number)) for number in range(1, 6)],
        initial=4,
        help_text=_("GB/T 39725: from 1 (public) to 5 (specially protected)."),
    )
    uses = forms.MultipleChoiceField(
        label=_("Uses"),
        choices=[(str(key), label) for key, label in PURPOSE_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        required=False,
        choices=list(vocabulary.CHANNELS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    is_per_channel = forms.BooleanField(
        label=_("Asked for each channel or recipient"), required=False
    )
    recipients = forms.CharField(
        label=_("Recipients"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One in a line: name | Chinese name | contact | controller or processor."),
    )
    retention = forms.ChoiceField(
        label=_("Kept"),
        required=False,
        choices=[("", _("No rule: the months below")), *vocabulary.RETENTIONS.items()],
    )
    retention_months = forms.IntegerField(
        label=_("Months where no rule applies"), required=False, min_value=1, max_value=1200
    )
    is_cross_border = forms.BooleanField(label=_("Data go abroad"), required=False)
    needs_separate_consent = forms.BooleanField(
        label=_("Separate consent is asked"), required=False
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        needed = set(queries.laws_of_clinic())
        for law in Law:
            choices = [(one.key, f"{one.label} · {one.article}") for one in GROUNDS[law].values()]
            # Whether one is named is asked by the deed, which says which law is missing.
            empty = _("Not named yet") if str(law) in needed else _("The clinic is not under it")
            self.fields[f"ground_{law}"] = forms.ChoiceField(
                label=_("Ground under %(law)s") % {"law": queries.SHORT_LAWS[law]},
                required=False,
                choices=[("", empty), *choices],
            )

    def clean_recipients(self) -> list[dict[str, str]]:
        """Return the recipients that the lines name."""
        lines = [line for line in self.cleaned_data["recipients"].splitlines() if line.strip()]
        if len(lines) > MOST_RECIPIENTS:
            raise ValidationError(_("These are more recipients than one purpose names."))
        return [_recipient(line) for line in lines]

    def clean(self) -> dict[str, Any]:
        """Ask for a time after which the data go."""
        said = super().clean() or {}
        if not said.get("retention") and not said.get("retention_months"):
            self.add_error("retention", _("Say how long the data are kept."))
        return said

    def content(self) -> dict[str, Any]:
        """Return what the purpose is to say."""
        said = self.cleaned_data
        grounds = {str(law): said[f"ground_{law}"] for law in Law if said.get(f"ground_{law}")}
        return {name: said.get(name) for name in queries.CONTENT} | {"grounds": grounds}


class Entry(Content):
    """A purpose that is entered, with its key."""

    key = forms.SlugField(
        label=_("Key"),
        max_length=32,
        help_text=_("A short word in Latin letters that never changes, such as home_care."),
    )
    field_order = ("key", "name", "name_zh")


def _recipient(line: str) -> dict[str, str]:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) > PARTS or not parts[0]:
        raise ValidationError(_("Write each recipient as: name | Chinese name | contact | role."))
    name, name_zh, contact, role = [*parts, "", "", "", ""][:PARTS]
    words = {str(label).lower(): key for key, label in ROLES.items()} | {key: key for key in ROLES}
    if role and role.lower() not in words:
        raise ValidationError(_("A recipient is a controller or a processor."))
    return {
        "name": name,
        "name_zh": name_zh or name,
        "contact": contact,
        "role": words[role.lower()] if role else "controller",
    }


def initial_of(row: ProcessingPurpose) -> dict[str, Any]:
    """Return a purpose as its form shows it."""
    return from_content(queries.content_of(row)) | {"version": row.version}


def from_content(content: Any) -> dict[str, Any]:
    """Return what a version said as the form shows it."""
    found = dict(content)
    for law, key in (found.get("grounds") or {}).items():
        found[f"ground_{law}"] = key
    names = ("name", "name_zh", "contact", "role")
    found["recipients"] = "\n".join(
        " | ".join(str(one.get(name, "")) for name in names) for one in found["recipients"]
    )
    return found
