"""Prescriptions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from patients.fhir import values
from patients.fhir.elements import UCUM
from patients.forms.entries import entry
from patients.forms.entries.entry import Dated, Entry, choice, stated
from patients.forms.entries.fields import ConceptField, Figure, When, Words
from patients.forms.entries.ranges import number_in, plain
from patients.forms.entries.units import DOSES, MOST_OF_DOSE, MOST_PIECES
from patients.queries import wording

SNOMED = "http://snomed.info/sct"
ROUTES = {
    "26643006": (_("by mouth"), "Oral"),
    "47625008": (_("into a vein"), "Intravenous"),
    "78421000": (_("into a muscle"), "Intramuscular"),
    "34206005": (_("under the skin"), "Subcutaneous"),
    "447694001": (_("inhaled"), "Respiratory tract"),
    "6064005": (_("on the skin"), "Topical"),
    "54485002": (_("into the eye"), "Ophthalmic"),
    "46713006": (_("into the nose"), "Nasal"),
    "37161004": (_("rectally"), "Rectal"),
    "37839007": (_("under the tongue"), "Sublingual"),
}
GTS = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
OFTEN = {
    "QD": _("once a day"),
    "BID": _("twice a day"),
    "TID": _("three times a day"),
    "QID": _("four times a day"),
    "AM": _("in the morning"),
    "PM": _("in the evening"),
    "BED": _("at bedtime"),
    "QOD": _("every other day"),
    "WK": _("once a week"),
    "Q4H": _("every 4 hours"),
    "Q6H": _("every 6 hours"),
    "Q8H": _("every 8 hours"),
}
STATUSES = stated(("active", "on-hold", "completed", "stopped", "cancelled", "draft"))


class Medication(Entry):
    """A prescription: what, how much, how often, since when, why."""

    kind = "medications"
    concepts = {"code": ("medication", "code_text"), "because": ("reasons", "reason_text")}
    dates = (Dated("ordered", "occurred_at", "authoredOn", "authoredOn"),)

    code = ConceptField("medication", label=_("Medicine"))
    dose = Figure(label=_("Single dose"), required=False, above_zero=True)
    dose_unit = choice(_("Unit of the dose"), DOSES.items(), required=False)
    route = choice(
        _("How it is given"), [(code, words[0]) for code, words in ROUTES.items()], required=False
    )
    often = choice(_("How often"), OFTEN.items(), required=False)
    as_needed = choice(
        pgettext_lazy("medicine", "As needed"), (("yes", _("Yes, only as needed")),), required=False
    )
    instructions = Words(
        label=_("Instructions"), lines=2, required=False, max_length=1000,
        help_text=_("As the patient is to read them."),
    )  # fmt: skip
    because = ConceptField("condition", label=_("Reason"), required=False)
    ordered = When(label=_("Ordered on"), has_time=True, exact=True)
    status = choice(_("Status"), STATUSES, initial="active")
    notes = entry.note_field()

    def speaks_up(self) -> bool:
        """Tell whether a medicine is ordered that was not ordered before."""
        stands = self.cleaned_data.get("status") in {"active", "on-hold", "draft"}
        return stands and (self.is_said_anew("code") or self.is_said_anew("status"))

    def clean(self) -> dict[str, Any]:
        """Refuse a dose that can not be meant, and an order without any word on how to take it."""
        said = super().clean() or self.cleaned_data
        dose, unit = said.get("dose"), said.get("dose_unit")
        if dose and not unit and "dose_unit" not in self.errors:
            self.add_error("dose_unit", _("Choose the unit of the dose."))
        if unit and not dose and "dose" not in self.errors:
            self.add_error("dose", _("Write how much of it."))
        most = MOST_OF_DOSE.get(unit or "", MOST_PIECES)
        if dose and unit and Decimal(dose) > most:
            self.add_error(
                "dose",
                gettext(
                    "More than %(most)s %(unit)s at a time can not be meant; check dose and unit."
                )
                % {"most": most, "unit": DOSES[unit]},
            )
        return said

    @classmethod
    def read(cls, row: Any) -> dict[str, Any]:
        """Return what the form shows of a row."""
        first = next(iter(wording.parts(row.dosages)), {})
        return super().read(row) | _dosage(first) | {"status": row.status}

    def values(self) -> dict[str, Any]:
        """Return the fields of the row and what they hold."""
        said, found = self.cleaned_data, super().values()
        found["status"] = said["status"]
        parts = ("dose", "dose_unit", "route", "often", "as_needed", "instructions")
        if any(map(self.is_said_anew, parts)):
            before = wording.parts(self.row.dosages) if self.row is not None else []
            told = self._told(before[0] if before else {})
            found["dosages"] = values.pack([*([told] if told else []), *before[1:]]) or None
        if self.row is None:
            found["intent"] = "order"
        return found

    def _told(self, before: dict[str, Any]) -> dict[str, Any]:
        """Return how it is taken; what the form does not ask stays as it was."""
        said = self.cleaned_data
        dose, route, often = said["dose"], said["route"], said["often"]
        parts: dict[tuple[str, ...], tuple[str, Any]] = {
            ("dose", "dose_unit"): (
                "doseAndRate",
                [{"doseQuantity": quantity(dose, said["dose_unit"])}] if dose else None,
            ),
            ("route",): ("route", _coded(SNOMED, route, ROUTES[route][1]) if route else None),
            ("often",): ("timing", {"code": _coded(GTS, often, often)} if often else None),
            ("as_needed",): ("asNeededBoolean", bool(said["as_needed"]) or None),
        }
        told = dict(before) | {"patientInstruction": said["instructions"], "text": shown(said)}
        for names, (element, value) in parts.items():
            if any(map(self.is_said_anew, names)):
                told[element] = value
        return {name: value for name, value in told.items() if value not in (None, "")}


def shown(said: dict[str, Any]) -> str:
    """Return how a medicine is taken, in one line."""
    unit = DOSES.get(said["dose_unit"], said["dose_unit"])
    parts = [
        f"{said['dose']} {unit}" if said["dose"] else "",
        ROUTES[said["route"]][0] if said["route"] in ROUTES else "",
        OFTEN.get(said["often"], ""),
        gettext("only as needed") if said["as_needed"] else "",
        said["instructions"],
    ]
    return ", ".join(str(part) for part in parts if part)


def quantity(number: str, unit: str) -> dict[str, Any]:
    """Return a quantity in a UCUM unit as FHIR writes it."""
    written: dict[str, Any] = {"value": values.parse_number(Decimal(number))}
    return written | ({"unit": unit, "system": UCUM, "code": unit} if unit else {})


def _coded(system: str, code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], "text": text}


def _dosage(first: dict[str, Any]) -> dict[str, Any]:
    dose = next(iter(wording.parts(first.get("doseAndRate"))), {}).get("doseQuantity")
    amount = values.unpack(dose) if isinstance(dose, dict) else {}
    unit = amount.get("code") or amount.get("unit") or ""
    number = number_in(dose)
    timing = first.get("timing")
    rhythm = timing.get("code") if isinstance(timing, dict) else None
    found = {
        "dose": plain(number) if number is not None else "",
        "dose_unit": unit if number is not None else "",
        "route": next((c for c in wording.codes(first.get("route")) if c in ROUTES), ""),
        "often": next((c for c in wording.codes(rhythm) if c in OFTEN), ""),
        "as_needed": "yes" if first.get("asNeededBoolean") is True else "",
    }  # fmt: skip
    told, text = first.get("patientInstruction"), first.get("text")
    found["instructions"] = told if isinstance(told, str) else ""
    if isinstance(text, str) and not _is_made_here(text, found):
        # A text of another source may say more than its parts: it is shown whole, so that nothing is lost.
        found["instructions"] = text
    return found


def _is_made_here(text: str, found: dict[str, Any]) -> bool:
    """Tell whether a text is what this form makes of the parts, in the language of whoever wrote it."""
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            if shown(found) == text:
                return True
    return False
