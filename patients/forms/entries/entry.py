"""What the forms of all kinds of entries have in common: they read a row and say what it must hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.fhir import export, values
from patients.forms.entries.fields import (
    Concept,
    ConceptField,
    Words,
    Written,
    concept_of,
    moment_of,
    written_of,
)
from patients.forms.versioned import Reasoned
from patients.models import PatientRecord
from patients.queries import wording

NOTES = 4000
Choices = Iterable[tuple[str, Any]]


class Dated(NamedTuple):
    """A date of a form: the field of the row, and the FHIR element that holds it as it was written."""

    name: str
    field: str
    element: str
    # The beginning of all elements that say the same in another way.
    rivals: str


class Entry(forms.Form):
    """One entry of a record; with `row` it corrects that one, and says why."""

    use_required_attribute = False
    kind: ClassVar[str]
    dates: ClassVar[tuple[Dated, ...]] = ()
    # Concepts: name of the field -> the row's CodeableConcept and the text beside it.
    concepts: ClassVar[Mapping[str, tuple[str, str]]] = {}
    # Which codes say that the entry was a mistake.
    wrong: ClassVar[Mapping[str, str | None]] = {"status": "entered-in-error"}

    # What the writer is warned of; the page shows it, and the writer says that it was seen.
    cautions: Sequence[str] = ()
    # What is being warned about: what was seen of one says nothing of the next.
    cautioned = ""

    def speaks_up(self) -> bool:
        """Tell whether what is written now is to be held against medicines or allergies."""
        return False

    def __init__(
        self,
        *args: Any,
        row: Any = None,
        born: str = "",
        may_restrict: bool = False,
        **options: Any,
    ) -> None:
        self.row, self.born = row, born
        self.shown: dict[str, Any] = {} if row is None else self.read(row)
        if row is not None:
            shown = {**self.shown, "version": row.version}
            options["initial"] = shown | (options.get("initial") or {})
        super().__init__(*args, **options)
        if row is not None:
            self.fields.update(deepcopy(Reasoned.base_fields))
        elif may_restrict:
            self.fields["confidentiality"] = _confidentiality()
        self._keep()
        for field in self.fields.values():
            if field.required and not field.widget.is_hidden:
                field.widget.attrs["aria-required"] = "true"
                field.label = format_lazy("{} *", field.label)

    def clean(self) -> dict[str, Any]:
        """Refuse what lies before the patient was born, as far as both days are known."""
        said = super().clean() or self.cleaned_data
        for dated in self.dates:
            written = said.get(dated.name)
            exact = min(len(written or ""), len(self.born))
            if written and written[:exact] < self.born[:exact]:
                self.add_error(dated.name, _("This lies before the patient was born."))
        return said

    def _keep(self) -> None:
        """Let fields take what the row holds, though nobody could choose it today."""
        for name, field in self.fields.items():
            said = self.shown.get(name)
            if isinstance(field, ConceptField) and isinstance(said, Concept):
                field.kept = said
            elif isinstance(field, forms.ChoiceField) and said:
                offered: Any = field.choices
                known = {str(key) for key, _label in offered}
                if said not in known and said not in self.wrong.values():
                    field.choices = [*offered, (said, wording.status(said)["text"])]

    @classmethod
    def read(cls, row: Any) -> dict[str, Any]:
        """Return what the form shows of a row."""
        shown: dict[str, Any] = {"notes": "\n".join(_notes(row))}
        for name, (stored, label) in cls.concepts.items():
            found = concept_of(getattr(row, stored))
            text = getattr(row, label) if label else None
            shown[name] = Concept(text, found.coding) if text and not found.text else found
        for dated in cls.dates:
            has_time = getattr(cls.base_fields[dated.name], "has_time", False)
            precision = export.precision_of(row, dated.field)
            shown[dated.name] = written_of(getattr(row, dated.field), precision, has_time=has_time)
        return shown

    def values(self) -> dict[str, Any]:
        """Return the fields of the row and what they hold; only what differs from the row changes it."""
        said = self.cleaned_data
        found: dict[str, Any] = {"extra": self._extra()}
        for name, (stored, label) in self.concepts.items():
            found.update(self._concept(name, stored, label))
        for dated in self.dates:
            if self.is_said_anew(dated.name):
                written = said[dated.name]
                found[dated.field] = moment_of(written).at if written else None
        if self.is_said_anew("notes"):
            found["notes"] = values.pack([{"text": said["notes"]}]) if said["notes"] else None
        return found

    def is_said_anew(self, name: str) -> bool:
        """Tell whether a field says something else than the row."""
        now = self.cleaned_data.get(name)
        if self.row is None:
            return bool(now)
        return (self.shown.get(name) or "") != (now or "")

    def _concept(self, name: str, stored: str, label: str) -> dict[str, Any]:
        if not self.is_said_anew(name):
            return {}
        said: Concept = self.cleaned_data[name]
        is_many = stored in {"reasons", "categories"}
        concept = values.pack([said.codeable()] if is_many else said.codeable()) if said else None
        return {stored: concept} | ({label: said.text or None} if label else {})

    def _extra(self) -> dict[str, Any]:
        """Return the row's extra elements, with dates as exact as they are known now."""
        extra = dict((self.row.extra or {}) if self.row is not None else {})
        for dated in self.dates:
            if dated.element and self.is_said_anew(dated.name):
                moment = self.moment(dated.name)
                partly = moment.fhir if moment and moment.is_partial else None
                extra = retold(extra, dated.element, dated.rivals, partly)
        return extra

    def moment(self, name: str) -> Written | None:
        """Return what a date of the form means, if one is stated."""
        written = self.cleaned_data.get(name)
        return moment_of(written) if written else None

    def check_order(self, first: str, last: str) -> None:
        """Refuse an end that lies before its beginning."""
        begins, ends = self.cleaned_data.get(first), self.cleaned_data.get(last)
        if begins and ends:
            # As far as both are known: 2019 and 2019-03 do not contradict each other.
            exact = min(len(begins), len(ends))
            if ends[:exact] < begins[:exact]:
                self.add_error(last, _("The end lies before the beginning."))

    def refuse_future(self, name: str) -> None:
        """Refuse a date that lies ahead where what is told is over."""
        field: Any = self.fields[name]
        try:
            field.refuse_future(self.cleaned_data[name])
        except ValidationError as error:
            self.add_error(name, error)

    def period_of(self, element: str, alone: str, rivals: str) -> dict[str, Any]:
        """Return extra elements with a period from `begins` to `ends` as exact as it is known.

        Without an end it is the element `alone`, where there is one.
        """
        extra = dict((self.row.extra or {}) if self.row is not None else {})
        if not (self.is_said_anew("begins") or self.is_said_anew("ends")):
            return extra
        ends = {"start": self.moment("begins"), "end": self.moment("ends")}
        stated = {part: moment for part, moment in ends.items() if moment}
        partly: Any = {part: moment.fhir for part, moment in stated.items()}
        if not any(moment.is_partial for moment in stated.values()):
            partly = None
        elif alone and "end" not in stated:
            return retold(extra, alone, rivals, partly["start"])
        return retold(extra, element, rivals, partly)


def retold(extra: Mapping[str, Any], element: str, rivals: str, value: Any) -> dict[str, Any]:
    """Return extra elements that say one thing anew, and hold nothing that says it in another way."""
    elements = dict(extra.get("elements") or {})
    left = {name: said for name, said in elements.items() if not name.startswith(rivals)}
    if value is not None:
        left[element] = value
    lists = {
        name: tuple(one for one in extra[name] if not one.startswith(rivals))
        for name in ("absent", "forced")
        if name in extra
    }
    told = {**extra, **lists, "elements": left}
    return {name: said for name, said in told.items() if said or name in extra}


def _notes(row: Any) -> Iterator[str]:
    for part in wording.parts(row.notes):
        if isinstance(part.get("text"), str):
            yield part["text"]


def note_field() -> Words:
    """Return the field for remarks."""
    return Words(label=_("Remarks"), lines=3, required=False, max_length=NOTES)


def choice(label: Any, choices: Choices, *, required: bool = True, **options: Any) -> Any:
    """Return a field with a choice; one that may be left open begins with nothing."""
    offered = list(choices) if required else [("", _("not stated")), *choices]
    return forms.ChoiceField(label=label, choices=offered, required=required, **options)


def stated(codes: Iterable[str]) -> list[tuple[str, Any]]:
    """Return some statuses as a choice."""
    return [(code, wording.STATUSES[code][0]) for code in codes]


def _confidentiality() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Who may read it"),
        choices=[
            (PatientRecord.Confidentiality.NORMAL, _("Everybody who cares for the patient")),
            (PatientRecord.Confidentiality.RESTRICTED, _("Named clinicians only (restricted)")),
        ],
        initial=PatientRecord.Confidentiality.NORMAL,
        required=False,
    )
