"""Fields of clinical forms: text without hidden characters, dates as exact as they are known, coded words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.fhir import moments, values
from patients.queries import codes

# Control characters except tab and line feed; marks that turn the direction of a text, or that nobody sees.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2}))?)?[年月日]?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
EARLIEST = 1880
# Clocks of devices differ a little.
AHEAD = timedelta(minutes=5)


class Words(forms.CharField):
    """Text that shows all that it holds."""

    def __init__(self, *, lines: int = 1, **options: Any) -> None:
        if lines > 1:
            options["widget"] = forms.Textarea(attrs={"rows": lines})
        super().__init__(**options)

    def clean(self, value: Any) -> str:
        """Return the text in composed letters; refuse characters that nobody sees."""
        text = value.replace("\r\n", "\n") if isinstance(value, str) else value
        if isinstance(text, str) and _UNSEEN.search(text):
            raise ValidationError(
                _("This text holds characters that are not shown. Please type it again."),
                code="unseen",
            )
        return unicodedata.normalize("NFC", super().clean(text) or "")


class When(forms.CharField):
    """A year, a month, a day or an instant, written the way in which it is known."""

    default_error_messages = {
        "unread": _("Write a year, a month or a day: 2019, 2019-05 or 2019-05-14."),
        "unread_time": _("Write the day, and the time if it is known: 2019-05-14 08:30."),
        "none": _("There is no such day or time in the calendar."),
        "future": _("This lies in the future."),
        "early": _("This lies before %(year)d; please check the year."),
        "exact": _("The day is needed here: 2019-05-14."),
    }

    def __init__(
        self, *, may_be_future: bool = False, has_time: bool = False, exact: bool = False,
        **options: Any,
    ) -> None:  # fmt: skip
        self.may_be_future, self.has_time, self.exact = may_be_future, has_time, exact
        written = "2019-05-14 08:30" if has_time else "2019-05-14"
        attrs = {"placeholder": written, "autocomplete": "off", "maxlength": 25}
        options.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(**options)

    def clean(self, value: Any) -> str:
        """Return the date in ISO form, no more exact than it was written."""
        text = unicodedata.normalize("NFKC", str(value or "")).strip().replace("T", " ")
        if not text:
            return str(super().clean(""))
        day, _space, time = text.partition(" ")
        found = _DAY.fullmatch(day)
        if found is None or (time and not (self.has_time and found[3])):
            self._refuse("unread_time" if self.has_time else "unread")
        written = "-".join(part.zfill(2) for part in found.groups() if part)
        if self.exact and not found[3]:
            self._refuse("exact")
        if time:
            clock = _TIME.fullmatch(time.strip())
            if clock is None:
                self._refuse("unread_time")
            written += f" {clock[1].zfill(2)}:{clock[2]}"
        self._check(written)
        return written

    def _check(self, written: str) -> None:
        try:
            at = moment_of(written).at
        except ValueError:
            self._refuse("none")
        if at.year < EARLIEST:
            self._refuse("early", year=EARLIEST)
        if not self.may_be_future:
            self.refuse_future(written)

    def refuse_future(self, written: str) -> None:
        """Raise ValidationError for a date that lies ahead."""
        # A day without a time begins in UTC; the clinic's day may have begun earlier.
        ahead = AHEAD if ":" in written else timedelta(hours=14)
        if moment_of(written).at > timezone.now() + ahead:
            self._refuse("future")

    def _refuse(self, code: str, **params: Any) -> NoReturn:
        raise ValidationError(self.error_messages[code], code=code, params=params)


@dataclass(frozen=True, slots=True)
class Written:
    """A date as a row holds it: its first instant, and how it is written where it is less exact."""

    at: Any
    fhir: str
    is_partial: bool


def moment_of(written: str) -> Written:
    """Return what a cleaned date means; raise ValueError where the calendar has none."""
    if ":" not in written:
        return Written(moments.read(written).at, written, True)
    at = timezone.make_aware(datetime.strptime(written, "%Y-%m-%d %H:%M"))  # noqa: DTZ007 - aware next
    return Written(at, moments.write(at), False)


def written_of(at: Any, precision: str, *, has_time: bool = False) -> str:
    """Return an instant the way in which a form shows it."""
    if at is None:
        return ""
    if precision != "instant":
        return moments.write_day(at.date(), precision)  # type: ignore[arg-type]
    local = timezone.localtime(at)
    return local.strftime("%Y-%m-%d %H:%M" if has_time else "%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Concept:
    """Words, and the code that says the same if there is one."""

    text: str = ""
    coding: dict[str, str] | None = None

    def __str__(self) -> str:
        """Return the words with their code, as two writers compare them."""
        return f"{self.text} ({self.coding['code']})" if self.coding else self.text

    def __bool__(self) -> bool:
        """Tell whether anything was said."""
        return bool(self.text)

    def __hash__(self) -> int:
        """Return a number that equal concepts share."""
        return hash(str(self))

    def codeable(self) -> dict[str, Any]:
        """Return the CodeableConcept."""
        return {"text": self.text} | ({"coding": [self.coding]} if self.coding else {})


class ConceptInput(forms.MultiWidget):
    """A text box that offers codes while one types, and the code that was chosen."""

    class Media:
        js = (Script("js/coding.js", defer=True),)

    def __init__(self, kind: str) -> None:
        self.kind = kind
        attrs = {
            "data-coding": kind,
            "data-codes": reverse_lazy("patients:codes", args=[kind]),
            "autocomplete": "off",
            "spellcheck": "false",
            "data-coded": _("Code:"),
            "data-free": _("Free text, without a code"),
            "data-hint": _("Type two letters, pinyin or a code; arrow keys choose, Enter takes."),
        }
        parts: dict[str, forms.Widget | type[forms.Widget]] = {
            "": forms.TextInput(attrs=attrs),
            "code": forms.HiddenInput(),
        }
        super().__init__(widgets=parts)
        self.use_fieldset = False

    def id_for_label(self, id_: str, index: Any = None) -> str:
        """Return the id of the text box."""
        return f"{id_}_0" if id_ else ""

    def decompress(self, value: Any) -> list[Any]:
        """Return the parts of a concept: its words, and the code as the form carries it."""
        if not isinstance(value, Concept):
            return [value or "", ""]
        if value.coding is None:
            return [value.text, ""]
        return [value.text, named_of(value.coding)]


class ConceptField(forms.MultiValueField):
    """Words for which a code is offered; free text is always taken."""

    def __init__(self, kind: str, *, most: int = 300, **options: Any) -> None:
        self.kind, self.kept = kind, Concept()
        parts = (Words(max_length=most), forms.CharField(max_length=300))
        super().__init__(
            fields=parts, widget=ConceptInput(kind), require_all_fields=False, **options
        )
        parts[0].required = parts[1].required = False

    def compress(self, parts: list[Any]) -> Concept:
        """Return the words with the code that was chosen for them, or that is called just so."""
        text, named = (*parts, "", "")[:2] if parts else ("", "")
        if not text:
            return Concept()
        if self.kept.coding and named == named_of(self.kept.coding):
            # The code of the row stays with its words, whether it is in a list here or not.
            if text == self.kept.text:
                return self.kept
            named = ""
        found = codes.named(self.kind, named) if named else codes.called(self.kind, text)
        return Concept(text, codes.coding_of(found) if found else None)


def named_of(coding: dict[str, str]) -> str:
    """Return how a form names a code."""
    return f"{coding.get('system', '')}|{coding['code']}"


def concept_of(value: Any) -> Concept:
    """Return a stored CodeableConcept, or the first of several, as a form shows it."""
    first = next(iter(values.parts(value or ())), None)
    if first is None:
        return Concept()
    coding = next(
        (
            one
            for one in values.parts(first.get("coding") or ())
            if isinstance(one.get("code"), str)
        ),
        None,
    )
    text = values.concept_text(first)
    return Concept(
        text, {k: v for k, v in coding.items() if isinstance(v, str)} if coding else None
    )


def number_of(text: str) -> Decimal:
    """Return the number that somebody wrote; raise ValidationError with a sentence."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    if re.fullmatch(r"-?\d+,\d+", plain):
        raise ValidationError(_("Write the number with a point: 5.9, not 5,9."), code="comma")
    if not re.fullmatch(r"-?\d{1,9}(?:\.\d{1,6})?", plain):
        raise ValidationError(
            _("Write a number of at most nine figures, with at most six after the point."),
            code="number",
        )
    try:
        return Decimal(plain)
    except InvalidOperation as error:
        raise ValidationError(_("Write a number."), code="number") from error


class Figure(Words):
    """A number as it was written; its digits are kept."""

    def __init__(
        self, *, most: Decimal | None = None, above_zero: bool = False, **options: Any
    ) -> None:
        self.most, self.above_zero = most, above_zero
        attrs = {"inputmode": "decimal", "autocomplete": "off", "maxlength": 20}
        options.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(**options)

    def clean(self, value: Any) -> str:
        """Return the number as text; refuse what can not be meant."""
        text = super().clean(value)
        if not text:
            return text
        number = number_of(text)
        if self.above_zero and number <= 0:
            raise ValidationError(_("This must be more than zero."), code="zero")
        if self.most is not None and number > self.most:
            raise ValidationError(
                _("More than %(most)s can not be meant; please check number and unit."),
                code="absurd",
                params={"most": self.most},
            )
        return str(number)
