"""Registering a person and correcting who the person is; every field says why it is asked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import phonenumbers
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients import demographics, identity, informing
from patients.forms.versioned import Reasoned
from patients.models import Patient
from patients.queries import wording
from security.classification import why
from security.sealing import normalise
from security.sealing.shape import shape_of

OLDEST = date(1900, 1, 1)
LONGEST_NAME = 100
PRECISIONS = [
    ("day", _("The exact day")),
    ("month", _("Only month and year")),
    ("year", _("Only the year")),
    ("none", _("Not known")),
]
NUMBER_KINDS = [
    ("", _("No document")),
    ("NI", _("National identity number")),
    ("PPN", _("Passport number")),
    ("PRC", _("Permanent residence card")),
    ("HC", _("Health insurance number")),
]
LANGUAGES = ("zh-CN", "en", "ja", "ko", "fr", "de", "es", "ru", "ar", "vi", "th")
# Unseen marks that a name needs in some scripts; all others are dropped.
_JOINERS = "\u200c\u200d"
_NUMBER = re.compile(r"[A-Z0-9()]{4,30}")


def one_line(value: str) -> str:
    """Return a typed text on one line, without what nobody sees; raise ValidationError for control marks."""
    text = unicodedata.normalize("NFC", value)
    kept = (char for char in text if unicodedata.category(char) != "Cf" or char in _JOINERS)
    text = " ".join("".join(kept).split())
    if any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") for char in text):
        raise ValidationError(_("This holds characters that can not be read."))
    return text


class Line(forms.CharField):
    """A text of one line."""

    def to_python(self, value: Any) -> str:
        """Return the text as it will be read."""
        text = super().to_python(value)
        return one_line(text) if text else ""


class NamePart(Line):
    """A part of a name: letters of any script."""

    def __init__(self, **options: Any) -> None:
        attributes = {"autocomplete": "off", "autocapitalize": "words", "spellcheck": "false"}
        super().__init__(
            max_length=LONGEST_NAME, widget=forms.TextInput(attrs=attributes), **options
        )

    def validate(self, value: str) -> None:
        """Refuse what has no letter."""
        super().validate(value)
        if value and not any(char.isalpha() for char in value):
            raise ValidationError(_("A name has at least one letter."))


class Phone(Line):
    """A telephone number, kept as E.164."""

    def __init__(self, **options: Any) -> None:
        attributes = {"type": "tel", "inputmode": "tel", "autocomplete": "off"}
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attributes), **options)

    def to_python(self, value: Any) -> str:
        """Return the number in E.164."""
        text = normalise.text(super().to_python(value))
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text, settings.PHONE_REGION)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValidationError(
                _("This is no telephone number. With a country code it begins with “+”.")
            )
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class Person(forms.Form):
    """Who somebody is; only a name and the sex must be given, and all but the name may be "not known"."""

    family = NamePart(label=_("Family name"), required=False)
    given = NamePart(label=_("Given name"), required=False)
    other_family = NamePart(label=_("Family name in the other script"), required=False)
    other_given = NamePart(label=_("Given name in the other script"), required=False)
    birth_on = forms.DateField(
        label=_("Date of birth"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
    )
    birth_precision = forms.ChoiceField(
        label=_("Known of the birth date"), choices=PRECISIONS, initial="day"
    )
    sex = forms.ChoiceField(
        label=_("Sex"),
        choices=[("", _("Please choose")), *Patient.Sex.choices],
        error_messages={"required": _("Choose one; “Unknown” is possible.")},
    )
    id_kind = forms.ChoiceField(label=_("Document shown"), choices=NUMBER_KINDS, required=False)
    id_number = Line(
        label=_("Number on the document"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    phone = Phone(label=_("Phone"), required=False)
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    address = Line(
        label=_("Address"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("Language spoken"), required=False)
    confirmed = forms.BooleanField(
        label=_("I compared this with the document: it is as typed."), required=False
    )

    def __init__(self, *args: Any, with_numbers: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        self.warnings: list[Promise] = []
        if not with_numbers:
            del self.fields["id_kind"], self.fields["id_number"]
        known = self.initial.get("language") or ""
        codes = dict.fromkeys(filter(None, (*LANGUAGES, known)))
        language: Any = self.fields["language"]
        language.choices = [
            ("", _("Not asked")),
            *((code, wording.language(code)) for code in codes),
        ]
        declared = shape_of(Patient).fields
        for name, field in self.fields.items():
            if name in demographics.STORED_IN:
                field.help_text = str(why(declared[demographics.STORED_IN[name]].purpose))

    def clean(self) -> dict[str, Any]:
        """Check what belongs together; what is odd but possible is asked about once more."""
        given: dict[str, Any] = super().clean() or {}
        if not (given.get("family") or given.get("given")) and not self._is_wrong(
            "family", "given"
        ):
            self.add_error("family", _("Give at least one name."))
        self._check_birth(given)
        if "id_number" in self.fields:
            self._check_number(given)
        self._check_phone(given)
        if self.warnings and not given.get("confirmed"):
            self.add_error("confirmed", _("Please check what is said above, then tick this."))
        return given

    def _is_wrong(self, *names: str) -> bool:
        return any(name in self.errors for name in names)

    def _check_birth(self, given: dict[str, Any]) -> None:
        precision, born_on = given.get("birth_precision"), given.get("birth_on")
        if precision == "none":
            given["birth_on"] = None
        elif born_on is None and not self._is_wrong("birth_on"):
            self.add_error("birth_on", _("Give the date, or say that it is not known."))
        elif born_on is not None and born_on > timezone.localdate():
            self.add_error("birth_on", _("This day is still to come."))
        elif born_on is not None and born_on < OLDEST:
            self.add_error("birth_on", _("Nobody alive was born before 1900."))
        elif born_on is not None and precision in ("month", "year"):
            month = born_on.month if precision == "month" else 1
            given["birth_on"] = born_on.replace(day=1, month=month)

    def _check_number(self, given: dict[str, Any]) -> None:
        kind, number = given.get("id_kind", ""), normalise.identifier(given.get("id_number", ""))
        if self._is_wrong("id_kind", "id_number"):
            return
        if not number:
            if kind and kind != self.initial.get("id_kind"):
                self.add_error("id_number", _("Give the number, or choose “No document”."))
        elif not kind:
            self.add_error("id_kind", _("Say which document bears this number."))
        elif not _NUMBER.fullmatch(number):
            self.add_error("id_number", _("Such a number has 4 to 30 letters and figures."))
        else:
            given["id_number"] = number
            if kind == "NI":
                self.warnings += _doubts(number, given)

    def _check_phone(self, given: dict[str, Any]) -> None:
        number = given.get("phone")
        if number and not phonenumbers.is_valid_number(phonenumbers.parse(number)):
            self.warnings.append(_("No network is known to give out this phone number."))


def _doubts(number: str, given: dict[str, Any]) -> list[Promise]:
    said = identity.read(number)
    if said is None or said.birth_on is None:
        return [_("A resident identity number has 18 figures, the last may be an X.")]
    doubts: list[tuple[bool, Promise]] = [
        (not said.is_checked, _("The check figure of the identity number is wrong.")),
        (
            given.get("birth_precision") == "day" and given.get("birth_on") != said.birth_on,
            _("The identity number names another date of birth."),
        ),
        (
            given.get("sex") in ("male", "female") and given.get("sex") != said.sex,
            _("The identity number names another sex."),
        ),
    ]
    return [sentence for is_doubtful, sentence in doubts if is_doubtful]


class Registration(Person):
    """A new patient; with a doctor or without, and surely nobody who is here already."""

    doctor = forms.ChoiceField(
        label=_("Responsible doctor"),
        required=False,
        help_text=_("Without one the patient waits in the list “Waiting for a doctor”."),
        error_messages={"invalid_choice": _("This person does not care for patients any more.")},
    )
    is_new = forms.BooleanField(
        label=_("I looked at the records shown: this is somebody else."), required=False
    )

    def __init__(
        self,
        *args: Any,
        clinicians: Sequence[tuple[str, str]] = (),
        find_twins: Callable[[dict[str, Any]], bool] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.find_twins = find_twins
        doctor: Any = self.fields["doctor"]
        doctor.choices = [("", _("Decide later")), *clinicians]
        # What the person is told before anything is kept; nothing where no notice is published.
        self.notices = informing.in_force()
        if self.notices:
            self.fields["told"] = forms.ChoiceField(
                label=_("How the person was told of the privacy notice"),
                choices=[("", _("Please choose")), *informing.ways()],
                error_messages={
                    "required": _("First show the notice, or say that it is an emergency.")
                },
            )
            self.fields["acknowledged"] = forms.BooleanField(
                label=_("The person acknowledged it in writing"), required=False
            )

    def clean(self) -> dict[str, Any]:
        """Ask once more where the person may be here already."""
        given = super().clean()
        is_sure = given.get("is_new")
        if not self.errors and not is_sure and self.find_twins and self.find_twins(given):
            self.add_error("is_new", _("Look at the records shown, then tick this or open one."))
        return given


class Details(Person, Reasoned):
    """A correction of who somebody is."""
