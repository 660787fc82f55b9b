"""A record in words, for a person to read: by part, the newest first, in the language in force."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext

from consent.models import ConsentEvent
from patients import names
from patients.models import Disclosure, Invoice, Note, Patient
from patients.queries import details, entries, note_forms, wording
from patients.queries.kinds import KINDS
from security.people import called
from security.sealing import SealBroken

Rows = list[list[str]]


def of(patient_ids: Collection[UUID], *, clinic: str) -> dict[str, Any]:
    """Return the content of a readable copy: who it is about, and every part with its rows."""
    patient = Patient.objects.get(pk=next(iter(patient_ids)))
    is_chinese = (get_language() or "").startswith("zh")
    sections = [
        {"title": title, "rows": rows} for title, rows in _sections(patient, patient_ids) if rows
    ]
    return {
        "language": "zh" if is_chinese else "en",
        "region": "cn" if is_chinese else "gb",
        "clinic": clinic,
        "title": gettext("Copy of your record"),
        "to": names.display(patient.names) or gettext("Name unknown"),
        "made": formats.date_format(timezone.localtime(), "DATETIME_FORMAT"),
        "sections": sections,
        "none": gettext("Nothing is recorded here."),
        "foot": gettext(
            "The file everything.json holds each field of each entry, and record.json the same record "
            "in the standard FHIR R4. Ask us about anything that you do not understand or that is wrong."
        ),
    }


def _sections(patient: Patient, ids: Collection[UUID]) -> Iterator[tuple[str, Rows]]:
    yield gettext("Who you are"), list(_person(patient))
    for kind in KINDS:
        if kind.model is Note:
            yield str(kind.label), list(_notes(ids))
            continue
        rows: Rows = []
        for one in ids:
            rows += [
                _line(kind, row) for row in kind.rows(one, True).order_by("-occurred_at", "pk")
            ]
        yield str(kind.label), rows
    yield gettext("Bills"), [_bill(row) for row in Invoice.objects.filter(patient_id__in=ids)]
    yield gettext("Disclosures to others"), list(_disclosures(ids))
    yield gettext("What you allowed and refused"), list(_consents(ids))


def _person(patient: Patient) -> Iterator[list[str]]:
    yield [gettext("Name"), " / ".join(names.search_texts(patient.names))]
    if patient.birth_on:
        yield [gettext("Birth date"), formats.date_format(patient.birth_on, "DATE_FORMAT")]
    if patient.sex:
        yield [gettext("Sex"), str(Patient.Sex(patient.sex).label)]
    yield [gettext("Record number"), patient.record_number or ""]
    for _field, label, value in details.numbers(patient):
        yield [str(label), value]
    for telecom in patient.telecoms or ():
        label = wording.word(wording.CONTACT_KINDS, telecom.get("system")) or gettext("Contact")
        yield [label, str(telecom.get("value", ""))]
    for address in patient.addresses or ():
        yield [gettext("Address"), details.address_text(address)]


def _line(kind: Any, row: Any) -> list[str]:
    line = kind.line(row, True)
    when = formats.date_format(timezone.localtime(line["at"]), "DATE_FORMAT") if line["at"] else ""
    if line["broken"]:
        return [when, gettext("This entry can not be opened.")]
    return [when, " · ".join(str(part) for part in (line["text"], line["detail"]) if part)]


def _notes(ids: Collection[UUID]) -> Iterator[list[str]]:
    """Yield every note with all it says, and what was added to it."""
    rows = Note.objects.filter(patient_id__in=ids).select_related("author")
    for row in rows.prefetch_related("addenda__author").order_by("-occurred_at", "pk"):
        when = row.occurred_at
        day = formats.date_format(timezone.localtime(when), "DATE_FORMAT") if when else ""
        try:
            yield [day, "\n\n".join(_note(row))]
        except SealBroken:
            yield [day, gettext("This entry can not be opened.")]


def _note(row: Note) -> Iterator[str]:
    entries.uncover(row, sees_restricted=True)
    state = "" if row.status == Note.Status.SIGNED else str(row.get_status_display())
    yield " · ".join(part for part in (row.title, called(row.author), state) if part)
    labels = note_forms.labels(row.template)
    for key, said in (row.sections or {}).items():
        if said:
            yield f"{labels.get(key, key)}: {said}"
    for addendum in row.addenda.all():
        entries.uncover(addendum, sees_restricted=True)
        yield f"{gettext('Addendum')} ({called(addendum.author)}): {addendum.text or ''}"


def _bill(row: Invoice) -> list[str]:
    when = formats.date_format(row.issued_on, "DATE_FORMAT") if row.issued_on else ""
    said = "; ".join(str(line["name"]) for line in row.lines or ())
    return [when, f"{row.number or gettext('Draft')} · {row.total} {row.currency} · {said}"]


def _disclosures(ids: Collection[UUID]) -> Iterator[list[str]]:
    today = timezone.localdate()
    for row in Disclosure.objects.filter(patient_id__in=ids).order_by("-noted_at"):
        try:
            if row.silent_until is None or row.silent_until <= today:
                when = formats.date_format(row.disclosed_on, "DATE_FORMAT")
                yield [when, " · ".join((row.recipient, row.what, row.why))]
        except SealBroken:
            yield ["", gettext("This entry can not be opened.")]


def _consents(ids: Collection[UUID]) -> Iterator[list[str]]:
    rows = ConsentEvent.objects.filter(patient_id__in=ids).select_related(
        "consent__purpose", "noted_by"
    )
    for row in rows.order_by("-given_at"):
        when = formats.date_format(timezone.localtime(row.given_at), "DATE_FORMAT")
        what = (row.consent.purpose.label, row.consent.channel, row.get_kind_display())
        yield [when, " · ".join(str(part) for part in (*what, called(row.noted_by)) if part)]
