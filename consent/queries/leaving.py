"""What of a record may go to somebody outside, line by line: the same for the preview and for the file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.models import Correction
from consent.queries import corrections
from patients.models import Invoice, PatientRecord
from patients.names import display
from patients.queries import details, entries, pages, people, wording
from patients.queries.chart import Chart
from patients.queries.kinds import BY_KEY
from security.access.permissions import Permission
from security.classification import Category
from security.sealing import SealBroken

# Nobody looks through more before it leaves.
MOST_LINES = 500
# What a person says against the record goes wherever that part of it goes.
BESIDE, BESIDE_LABEL = "beside", _("What the person disagrees with")
Area = Correction.Area
AREAS: Mapping[str, str] = {
    Category.DEMOGRAPHICS: Area.DEMOGRAPHICS,
    Category.IDENTIFIERS: Area.DEMOGRAPHICS,
    Category.CLINICAL: Area.CLINICAL,
    Category.BILLING: Area.BILLING,
}
KINDS = (
    "visits", "conditions", "allergies", "medications", "observations", "reports", "procedures",
    "immunizations", "plans",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One item: which row it is, in which version, and what it says."""

    section: str
    id: UUID
    version: int
    on: str
    text: str
    detail: str = ""
    is_protected: bool = False
    # Nothing of it is shown, and it does not leave: protected, or its seal is broken.
    is_locked: bool = False

    @property
    def key(self) -> str:
        """Return what names the item in a form."""
        return f"{self.section}.{self.id}"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a record that can be disclosed: its category, who may read it, its lines."""

    key: str
    label: Promise
    category: Category
    permission: Permission
    lines: Callable[[Chart, Period], Iterator[Line]]


@dataclass(frozen=True, slots=True)
class Period:
    """From which day to which; an open end reaches as far as the record does."""

    since: date | None = None
    until: date | None = None

    def of(self, rows: Any, column: str) -> Any:
        """Keep the rows within the period by an instant or a day."""
        suffix = "__date" if column.endswith("_at") else ""
        if self.since:
            rows = rows.filter(**{f"{column}{suffix}__gte": self.since})
        if self.until:
            rows = rows.filter(**{f"{column}{suffix}__lte": self.until})
        return rows


def lines(
    chart: Chart, sections: Collection[str], period: Period, *, with_protected: bool
) -> list[Line]:
    """Return what would leave; of what is specially protected nothing is shown unless it is asked for."""
    found: list[Line] = []
    asked = [one for key, one in SECTIONS.items() if key in sections and chart.may(one.permission)]
    for section in asked:
        found += section.lines(chart, period)
    found += _beside(chart, {AREAS[one.category] for one in asked})
    return [_hidden(one) if one.is_protected and not with_protected else one for one in found]


def _hidden(line: Line) -> Line:
    text = gettext("Specially protected entry")
    return Line(
        line.section, line.id, line.version, line.on, text, is_protected=True, is_locked=True
    )


def _broken(section: str, row: Any) -> Line:
    return Line(
        section, row.pk, row.version, "", gettext("This entry can not be opened."), is_locked=True
    )


def _person(chart: Chart, period: Period) -> Iterator[Line]:
    row = chart.patient
    try:
        born_on = people.birth(row.birth_on, row.birth_precision)
        facts = (born_on, str(people.SEXES.get(row.sex or "", "")), row.record_number)
        yield Line("person", row.pk, row.version, "", display(row.names), entries.joined(*facts))
    except SealBroken:
        yield _broken("person", row)


def _contact(chart: Chart, period: Period) -> Iterator[Line]:
    row = chart.patient
    try:
        ways = [one.get("value") for one in wording.parts(row.telecoms)]
        places = [details.address_text(one) for one in wording.parts(row.addresses)]
        said = entries.joined(*(one for one in (*ways, *places) if isinstance(one, str)))
        yield Line("contact", row.pk, row.version, "", said)
    except SealBroken:
        yield _broken("contact", row)


def _numbers(chart: Chart, period: Period) -> Iterator[Line]:
    row = chart.patient
    try:
        said = [f"{label}: {value}" for _field, label, value in details.numbers(row)]
        yield Line("numbers", row.pk, row.version, "", entries.joined(*said))
    except SealBroken:
        yield _broken("numbers", row)


def _beside(chart: Chart, areas: Collection[str]) -> Iterator[Line]:
    """Yield what the person disagrees with in these parts: it goes along (45 CFR 164.526(d)(5), GDPR 16)."""
    for row in corrections.disagreements(chart.patient.pk).filter(area__in=areas):
        on = wording.day(row.disagreed_at or row.decided_at)
        try:
            said = row.disagreement or row.finding or ""
            yield Line(BESIDE, row.pk, row.version, on, said, f"{row.wrong} → {row.right}")
        except SealBroken:
            yield _broken(BESIDE, row)


def _of_kind(key: str) -> Callable[[Chart, Period], Iterator[Line]]:
    def found(chart: Chart, period: Period) -> Iterator[Line]:
        kind, sees = BY_KEY[key], chart.sees_restricted
        rows = period.of(kind.rows(chart.patient.pk, sees), "occurred_at")
        for row in pages.newest_first(rows, "occurred_at", None)[:MOST_LINES]:
            yield _line(key, row, kind.line(row, sees), sees)

    return found


def _line(key: str, row: PatientRecord, said: Mapping[str, Any], sees_restricted: bool) -> Line:
    is_protected = row.confidentiality != PatientRecord.Confidentiality.NORMAL
    on = wording.day(row.occurred_at)
    if said.get("restricted"):
        text = gettext("Specially protected entry")
        return Line(key, row.pk, row.version, on, text, is_protected=True, is_locked=True)
    if said.get("broken"):
        return _broken(key, row)
    value = " ".join(str(said[name]) for name in ("value", "unit") if said.get(name))
    detail = entries.joined(value, said.get("detail"))
    return Line(key, row.pk, row.version, on, str(said["text"]), detail, is_protected)


def _bills(chart: Chart, period: Period) -> Iterator[Line]:
    rows = Invoice.objects.filter(patient_id=chart.patient.pk, issued_on__isnull=False)
    # Numbers, days and amounts; what was done stands in the record.
    for row in period.of(rows, "issued_on").order_by("-issued_on", "-pk")[:MOST_LINES]:
        total = f"{wording.money(row.total)} {row.currency}"
        on = formats.date_format(row.issued_on, "DATE_FORMAT")
        yield Line("bills", row.pk, row.version, on, row.number, total)


SECTIONS: Mapping[str, Section] = {
    one.key: one
    for one in (
        Section(
            "person", _("Name, birth and record number"), Category.DEMOGRAPHICS,
            Permission.DEMOGRAPHICS_READ, _person,
        ),
        Section(
            "contact", _("Phone numbers and addresses"), Category.DEMOGRAPHICS,
            Permission.DEMOGRAPHICS_READ, _contact,
        ),
        Section(
            "numbers", _("ID and insurance numbers"), Category.IDENTIFIERS,
            Permission.IDENTIFIERS_READ, _numbers,
        ),
        *(
            Section(
                key, BY_KEY[key].label, Category.CLINICAL, Permission.CLINICAL_READ, _of_kind(key)
            )
            for key in KINDS
        ),
        Section(
            "bills", _("Bills"), Category.BILLING, Permission.BILLING_READ, _bills,
        ),
    )
}  # fmt: skip


def part_of(line: Line) -> str:
    """Return what the part of the record is called that a line belongs to."""
    return str(BESIDE_LABEL if line.section == BESIDE else SECTIONS[line.section].label)


def categories(sections: Collection[str]) -> set[str]:
    """Return the categories of data that some parts of a record belong to."""
    return {str(SECTIONS[key].category) for key in sections if key in SECTIONS}
