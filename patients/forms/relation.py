"""Who belongs to a patient: a person from outside, or another patient by the record number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.forms.registration import LONGEST_NAME, Line, NamePart, Phone
from patients.forms.versioned import Reasoned
from patients.models import Relation
from security.classification import why
from security.sealing.fields import freeze
from security.sealing.shape import shape_of

# Which stored field each field of the form belongs to: its declaration says why it is asked.
STORED_IN = {
    "kind": "kind",
    "name": "names",
    "related_number": "names",
    "phone": "telecoms",
    "shares_home": "shares_home",
    "is_emergency_contact": "is_emergency_contact",
    "is_legal_representative": "is_legal_representative",
    "is_guardian": "is_guardian",
    "starts_on": "starts_on",
    "ends_on": "ends_on",
}
MARKS = ("is_emergency_contact", "is_guardian", "is_legal_representative", "shares_home")


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


class RelationFields(forms.Form):
    """What somebody is to the patient, and until when."""

    kind = forms.ChoiceField(
        label=_("Relation to the patient"),
        choices=[("", _("Please choose")), *Relation.Kind.choices],
    )
    name = NamePart(label=_("Name"), required=False)
    related_number = Line(
        label=_("Or record number, if a patient here"),
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    phone = Phone(label=_("Phone"), required=False)
    is_emergency_contact = forms.BooleanField(label=_("Emergency contact"), required=False)
    is_guardian = forms.BooleanField(label=_("Guardian of the minor"), required=False)
    is_legal_representative = forms.BooleanField(label=_("Legal representative"), required=False)
    shares_home = forms.BooleanField(label=_("Lives in the same household"), required=False)
    starts_on = _day(_("Holds from"))
    ends_on = _day(_("Holds until"))

    def __init__(
        self, *args: Any, find_patient: Callable[[str], UUID | None] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.find_patient = find_patient
        declared = shape_of(Relation).fields
        for name, stored in STORED_IN.items():
            if name in self.fields:
                self.fields[name].help_text = str(why(declared[stored].purpose))

    def clean_related_number(self) -> UUID | None:
        """Return the patient with this number, among those open to the person who types it."""
        number = self.cleaned_data["related_number"]
        if not number:
            return None
        found = self.find_patient(number) if self.find_patient else None
        if found is None:
            raise ValidationError(_("No other patient who is open to you has this record number."))
        return found

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        given: dict[str, Any] = super().clean() or {}
        has_person = bool(given.get("name")) or bool(given.get("related_number"))
        if "related_number" in self.fields:
            if not has_person and not {"name", "related_number"} & set(self.errors):
                self.add_error("name", _("Give a name, or the record number of a patient here."))
            if given.get("name") and given.get("related_number"):
                self.add_error("name", _("Give the name or the record number, not both."))
        self._check_reachable(given)
        self._check_days(given)
        return given

    def _check_reachable(self, given: dict[str, Any]) -> None:
        is_outside = "name" in self.fields and not given.get("related_number")
        is_called = given.get("is_emergency_contact") and is_outside
        if is_called and not given.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("An emergency contact needs a phone number."))

    def _check_days(self, given: dict[str, Any]) -> None:
        start, end = given.get("starts_on"), given.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("This is before the first day."))
        elif start and start.year < 1900:
            self.add_error("starts_on", _("This day is too long ago."))
        elif end and end.year > timezone.localdate().year + 100:
            self.add_error("ends_on", _("This day is too far away."))

    def stored(self, before: Relation | None = None) -> dict[str, Any]:
        """Return the stored fields that the filled-in form means."""
        given = self.cleaned_data
        found: dict[str, Any] = {
            name: given[name] for name in ("kind", "starts_on", "ends_on", *MARKS)
        }
        name, phone = given.get("name", ""), given["phone"]
        found["names"] = freeze([{"text": name}] if name else [])
        found["telecoms"] = freeze([{"system": "phone", "value": phone}] if phone else [])
        if before is not None:
            found = {
                key: value if value or getattr(before, key) else getattr(before, key)
                for key, value in found.items()
            }
        return found


class RelationCorrection(RelationFields, Reasoned):
    """A correction of what somebody is to the patient; who it is stays."""

    def __init__(self, *args: Any, is_patient: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["related_number"]
        if is_patient:
            del self.fields["name"]
        else:
            self.fields["name"].required = True


def shown(row: Relation) -> dict[str, Any]:
    """Return what the form shows of a row."""
    names, telecoms = row.names or (), row.telecoms or ()
    return {
        **{name: getattr(row, name) for name in ("kind", "starts_on", "ends_on")},
        **{name: bool(getattr(row, name)) for name in MARKS},
        "name": next((one.get("text", "") for one in names), ""),
        "phone": next((one.get("value", "") for one in telecoms), ""),
    }
