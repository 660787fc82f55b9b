"""What was measured or found."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from patients.fhir import values
from patients.forms.entries import entry, ranges, units
from patients.forms.entries.entry import Dated, Entry, choice, stated
from patients.forms.entries.fields import Concept, ConceptField, Figure, When, Words, number_of
from patients.queries import wording

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CATEGORIES = {
    "vital-signs": _("Vital signs"),
    "laboratory": _("Laboratory"),
    "exam": _("Examination"),
    "survey": _("Questionnaire"),
    "social-history": _("Way of living"),
    "imaging": _("Imaging"),
    "procedure": _("Test"),
}
# LOINC codes of what is measured at the body.
VITAL = {
    "85354-9", "8480-6", "8462-4", "8867-4", "9279-1", "8310-5", "59408-5", "29463-7", "8302-2",
    "9843-4", "39156-5", "56086-2",
}  # fmt: skip
STATUSES = stated(("final", "preliminary", "registered", "amended", "corrected", "cancelled"))
_PAIR = re.compile(r"(\d{1,3})\s*/\s*(\d{1,3})")


class Result(Words):
    """A number, or two with a stroke between them as a blood pressure is written."""

    def clean(self, value: Any) -> str:
        """Return the number or the pair as text."""
        text = unicodedata.normalize("NFKC", super().clean(value))
        pair = _PAIR.fullmatch(text)
        if pair is not None:
            return f"{int(pair[1])}/{int(pair[2])}"
        if re.match(r"[<>≤≥~]", text):
            raise ValidationError(_("Put “more than” or “less than” into the result in words."))
        return str(number_of(text)) if text else text


class Observation(Entry):
    """A result: what, how much in which unit, the range, when."""

    kind = "observations"
    concepts = {"code": ("code", "code_text")}
    dates = (Dated("measured", "occurred_at", "effectiveDateTime", "effective"),)

    code = ConceptField("observation", label=_("Measured"))
    category = choice(_("Group"), CATEGORIES.items(), required=False)
    result = Result(
        label=_("Value"), required=False, max_length=20, help_text=_("5.9, or 128/79 for a blood pressure"),
    )  # fmt: skip
    unit = choice(_("Unit"), units.choices(), required=False)
    words = Words(label=_("Result in words"), required=False, max_length=500)
    low = Figure(label=_("Range from"), required=False)
    high = Figure(label=_("Range to"), required=False)
    measured = When(label=_("Measured at"), has_time=True, exact=True)
    status = choice(_("Status"), STATUSES, initial="final")
    notes = entry.note_field()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["result"].widget.attrs |= {"inputmode": "text", "autocomplete": "off"}
        unit = self.shown.get("unit")
        field: Any = self.fields["unit"]
        if unit and unit not in units.MEASURED:
            # A unit that came with an import stays with its number.
            field.choices = [*field.choices, (unit, wording.unit(unit))]
        if self.has_parts:
            for name in ("result", "unit", "low", "high", "words"):
                self.fields[name].disabled = True

    @property
    def has_parts(self) -> bool:
        """Tell whether the result is made of parts that this form can not show."""
        return self.row is not None and bool(self.row.components) and not self.shown["result"]

    def clean(self) -> dict[str, Any]:
        """Refuse a result that is none, that is two, or that can not be."""
        said = super().clean() or self.cleaned_data
        if self.has_parts or {"result", "words", "unit", "low", "high"} & set(self.errors):
            return said
        result, words = said.get("result"), said.get("words")
        if not result and not words:
            self.add_error("result", _("Write a value, or the result in words."))
        elif result and words:
            self.add_error(
                "words", _("Write either a value or words; remarks have their own field.")
            )
        elif result and "/" in result:
            self._check_pair(said)
        elif result:
            self._check_number(said)
        elif said.get("unit") or said.get("low") or said.get("high"):
            self.add_error("unit", _("A result in words has no unit and no range."))
        return said

    def _check_pair(self, said: dict[str, Any]) -> None:
        upper, lower = map(int, said["result"].split("/"))
        if said.get("low") or said.get("high"):
            self.add_error("low", _("The two ranges of a blood pressure come from the code list."))
        if said.get("unit") not in ("", "mm[Hg]"):
            self.add_error("unit", _("Two numbers are a blood pressure, in mmHg."))
        if not (lower < upper <= 400 and lower >= 10):
            self.add_error("result", _("Upper and lower pressure can not be these; please check."))

    def _check_number(self, said: dict[str, Any]) -> None:
        number, unit = Decimal(said["result"]), said.get("unit") or ""
        least, most = units.bounds(unit)
        if not least <= number <= most:
            raise ValidationError(
                {
                    "result": ValidationError(
                        _("In this unit between %(least)s and %(most)s can be meant; check both."),
                        params={"least": least, "most": most},
                    )
                }
            )
        low, high = said.get("low"), said.get("high")
        if low and high and Decimal(low) > Decimal(high):
            self.add_error("high", _("The range ends below its beginning."))

    @classmethod
    def read(cls, row: Any) -> dict[str, Any]:
        """Return what the form shows of a row."""
        pair = ranges.pair_of(row.components)
        low, high = ranges.of(row.reference_ranges) if pair is None else ("", "")
        number = ranges.plain(row.value_number) if row.value_number is not None else ""
        is_words = row.value_number is None and not row.components
        return super().read(row) | {
            "category": row.category_code or "",
            "result": "/".join(pair) if pair else number,
            "unit": "mm[Hg]" if pair else row.value_unit or "",
            "words": (row.value_text or "") if is_words else "",
            "low": low,
            "high": high,
            "status": row.status,
        }

    def values(self) -> dict[str, Any]:
        """Return the fields of the row and what they hold."""
        said, found = self.cleaned_data, super().values()
        found["status"] = said["status"]
        if self.row is None:
            found |= _category(said["category"] or _usual(said["code"]))
        elif self.is_said_anew("category"):
            found |= _category(said["category"])
        anew = any(map(self.is_said_anew, ("result", "unit", "words", "low", "high")))
        if self.row is None or (anew and not self.has_parts):
            if "/" in said["result"]:
                found |= _pair_values(said["result"])
                found["extra"] = _silent(found["extra"])
            else:
                found |= self._single(said)
        at, ended_at = found.get("occurred_at"), getattr(self.row, "ended_at", None)
        if at and ended_at and at > ended_at:
            found["ended_at"] = None
        if self.row is not None and said["status"] == "final" and self._is_corrected():
            found["status"] = "corrected"
        return found

    def _is_corrected(self) -> bool:
        """Tell whether a final result is changed, which its status then has to say."""
        beside = {"version", "reason", "status"}
        return any(self.is_said_anew(name) for name in self.fields if name not in beside)

    def _single(self, said: dict[str, Any]) -> dict[str, Any]:
        unit = said["unit"] or None
        found: dict[str, Any] = {"components": None, "value_concept": None}
        if said["words"]:
            return found | {
                "value_text": said["words"], "value_number": None, "value_unit": None,
                "interpretations": None, "reference_ranges": None,
            }  # fmt: skip
        number = Decimal(said["result"])
        told = {"value": values.parse_number(number)} | ({"unit": unit} if unit else {})
        found |= {
            "value_number": number,
            "value_unit": unit,
            "value_text": values.quantity_text(told),
            "reference_ranges": ranges.written(said["low"], said["high"], unit),
        }
        if said["low"] or said["high"] or self.is_said_anew("result"):
            found["interpretations"] = ranges.judged(number, said["low"], said["high"])
        return found


def _usual(measured: Concept) -> str:
    """Return the group of a measurement for which none was chosen."""
    if measured.coding is None or measured.coding["system"] != ranges.LOINC:
        return ""
    return "vital-signs" if measured.coding["code"] in VITAL else "laboratory"


def _category(code: str) -> dict[str, Any]:
    concept = values.pack([{"coding": [{"system": CATEGORY, "code": code}]}]) if code else None
    return {"category_code": code or None, "categories": concept}


def _pair_values(text: str) -> dict[str, Any]:
    upper, lower = text.split("/")
    return {
        "components": ranges.pressure(Decimal(upper), Decimal(lower)),
        "value_text": f"{text} mmHg",
        "value_number": None,
        "value_unit": None,
        "value_concept": None,
        "interpretations": None,
        "reference_ranges": None,
    }


def _silent(extra: dict[str, Any]) -> dict[str, Any]:
    """Return extra elements by which an export writes the parts, and their text not once more."""
    absent = dict.fromkeys((*extra.get("absent", ()), "valueCodeableConcept", "valueString"))
    return {**extra, "absent": tuple(absent)}
