"""Single entries of the record, for reading: as cells of a table and as a line of the timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from patients.fhir import export
from patients.models import (
    AllergyIntolerance,
    CarePlan,
    ClinicalAttachment,
    Condition,
    DiagnosticReport,
    Encounter,
    Immunization,
    MedicationRequest,
    Note,
    Observation,
    PatientRecord,
    Procedure,
    Protectable,
)
from patients.models.clinical import ClinicalItem
from patients.queries import measures, wording
from security.people import called
from security.sealing import SealBroken

Shown = dict[str, Any]
LOCKED: Shown = {"restricted": True, "broken": False}
MISTAKEN = {"entered-in-error", "refuted"}
BROKEN: Shown = {"restricted": False, "broken": True}


def is_locked(row: PatientRecord, sees_restricted: bool) -> bool:
    """Tell whether an entry is one that this reader may not open."""
    return not sees_restricted and row.confidentiality != PatientRecord.Confidentiality.NORMAL


def uncover(row: PatientRecord, *, sees_restricted: bool) -> None:
    """Put what a protected entry withholds in its places, in memory, for a reader who may open it."""
    if sees_restricted and isinstance(row, Protectable) and row.is_protected:
        row.uncover()


def named(text: str | None) -> str:
    """Return what an entry is called; never nothing, as that would look like no entry."""
    return text or gettext("Not named")


def joined(*parts: str | None) -> str:
    """Return the parts that there are in one line."""
    return " · ".join(part for part in parts if part)


def text_cell(text: str | None, note: str = "") -> Shown:
    """Return the cell that names an entry."""
    return {"text": named(text), "note": note, "kind": ""}


def day_cell(at: datetime | None) -> Shown:
    """Return a cell with a day."""
    return {"text": wording.day(at), "kind": "date"}


def when(row: Any, name: str = "occurred_at") -> str:
    """Return a date of an entry as exactly as it is known."""
    at = getattr(row, name)
    # When it began is where the date in the column comes from, if anybody knows.
    field = "onset_at" if name == "occurred_at" and getattr(row, "onset_at", None) == at else name
    return wording.dated(at, export.precision_of(row, field)) if at else ""


def when_cell(row: Any, name: str = "occurred_at") -> Shown:
    """Return a cell with a date of an entry."""
    return {"text": when(row, name), "kind": "date"}


def mistake(row: Any) -> str:
    """Return that an entry was a mistake, or nothing."""
    said = {getattr(row, "status", None), getattr(row, "verification", None)}
    return wording.status("entered-in-error")["text"] if "entered-in-error" in said else ""


def standing_cell(row: Any) -> Shown:
    """Return a cell with a status, or that the entry was a mistake."""
    return status_cell(row.verification if row.verification in MISTAKEN else row.status)


def status_cell(code: str | None) -> Shown:
    """Return a cell with a status."""
    return wording.status(code) | {"kind": "status"}


def protected(row: PatientRecord, name: str, sees_restricted: bool) -> str:
    """Return a specially protected part of an entry, only to those who may read it."""
    if not sees_restricted:
        return ""
    try:
        return getattr(row, name) or ""
    except SealBroken:
        return gettext("Specially protected part: unavailable")


def concepts(value: Any) -> str:
    """Return what some CodeableConcepts are called."""
    return "; ".join(filter(None, map(wording.concept, wording.parts(value))))


def notes(row: ClinicalItem) -> str:
    """Return the remarks on an entry."""
    texts = (part.get("text") for part in wording.parts(row.notes))
    return "; ".join(text for text in texts if isinstance(text, str) and text)


def dosage(row: MedicationRequest) -> str:
    """Return how a medicine is taken."""
    texts = (part.get("text") for part in wording.parts(row.dosages))
    return "; ".join(text for text in texts if isinstance(text, str) and text)


def reactions(row: AllergyIntolerance) -> str:
    """Return what an allergy showed itself by."""
    found = (concepts(part.get("manifestation")) for part in wording.parts(row.reactions))
    return "; ".join(filter(None, dict.fromkeys(found)))


def visit_text(row: Encounter) -> str:
    """Return what kind of visit it was."""
    return named(row.type_text or wording.word(wording.VISIT_CLASSES, row.class_code))


def visit_reason(row: Encounter) -> str:
    """Return why the patient came."""
    return concepts(row.reasons) or row.reason_text or ""


def visit_place(row: Encounter) -> dict[str, str]:
    """Return who saw the patient, and where; both are of the public directory."""
    return {
        "who": row.practitioner.display_name if row.practitioner else "",
        "where": row.organization.name if row.organization else "",
    }


# Cells of the tables, in the order of their columns.


def visit_cells(row: Encounter, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a visit."""
    place = visit_place(row)
    note = joined(visit_reason(row), protected(row, "restricted_note", sees_restricted))
    return [
        text_cell(visit_text(row), note),
        {"text": joined(place["who"], place["where"]), "kind": ""},
        day_cell(row.occurred_at),
        status_cell(row.status),
    ]


def condition_cells(row: Condition, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a diagnosis."""
    note = joined(notes(row), protected(row, "restricted_detail", sees_restricted))
    return [
        text_cell(row.code_text, note),
        when_cell(row),
        when_cell(row, "abated_at"),
        standing_cell(row),
    ]


def medication_cells(row: MedicationRequest, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a prescription."""
    note = joined(dosage(row), concepts(row.reasons) or row.reason_text, notes(row))
    return [
        text_cell(row.code_text, note),
        when_cell(row),
        status_cell(row.status),
    ]


def observation_cells(row: Observation, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a result; a value in words stands as text, not as a number."""
    found = measures.measured(row)
    kind = "number" if found["unit"] or found["value"].replace(".", "").isdecimal() else ""
    # A result that is no result any more says so where its judgement would stand.
    judged = {"text": _flag(found["flag"]), "tone": "warn", "kind": "status"}
    flag = status_cell(row.status) if row.status in {"entered-in-error", "cancelled"} else judged
    return [
        text_cell(row.code_text, notes(row)),
        {"text": found["value"], "unit": found["unit"], "kind": kind},
        flag,
        when_cell(row),
    ]


def _flag(flag: str) -> str:
    return {"high": gettext("high"), "low": gettext("low")}.get(flag, "")


def immunization_cells(row: Immunization, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a vaccination."""
    lot = gettext("Lot %(number)s") % {"number": row.lot_number} if row.lot_number else ""
    return [
        text_cell(row.code_text, joined(lot, notes(row))),
        when_cell(row),
        status_cell(row.status),
    ]


def procedure_cells(row: Procedure, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a procedure."""
    note = joined(concepts(row.reasons) or row.reason_text, notes(row))
    return [
        text_cell(row.code_text, note),
        when_cell(row),
        status_cell(row.status),
    ]


def plan_cells(row: CarePlan, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a care plan, with what is to be done."""
    details = (part.get("detail") for part in wording.parts(row.activities))
    deeds = [concepts(part.get("code")) for part in details if isinstance(part, dict)]
    note = joined(row.description, "; ".join(filter(None, deeds)), notes(row))
    return [
        text_cell(row.code_text or row.title or concepts(row.categories), note),
        when_cell(row),
        when_cell(row, "ended_at"),
        status_cell(row.status),
    ]


def report_cells(row: DiagnosticReport, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a report."""
    return [
        text_cell(row.code_text, joined(row.conclusion, notes(row))),
        day_cell(row.occurred_at),
        status_cell(row.status),
    ]


def allergy_cells(row: AllergyIntolerance, sees_restricted: bool) -> list[Shown]:
    """Return the cells of an allergy."""
    return [
        text_cell(row.code_text, joined(reactions(row), notes(row))),
        {"text": wording.word(wording.CRITICALITIES, row.criticality), "kind": ""},
        when_cell(row),
        standing_cell(row),
    ]


NOTE_TONES = {"open": "warn", "signed": "neutral", "mistaken": "danger"}
SNIPPET = 160


def note_title(row: Note) -> str:
    """Return what a note is called; one without a title goes by its template."""
    return row.title or str(row.get_template_display())


def note_sections(row: Note) -> dict[str, str]:
    """Return the texts of a note by the keys of its sections."""
    kept = row.sections
    found = kept.items() if isinstance(kept, dict) else ()
    return {key: text for key, text in found if isinstance(text, str)}


def note_snippet(row: Note) -> str:
    """Return the beginning of a note that stands, on one line."""
    if row.status == row.Status.MISTAKEN:
        return ""
    text = " ".join(" ".join(note_sections(row).values()).split())
    return f"{text[:SNIPPET]}…" if len(text) > SNIPPET else text


def note_status(row: Note) -> dict[str, str]:
    """Return where a note stands; the usual, signed, needs no colour."""
    return {"text": str(row.get_status_display()), "tone": NOTE_TONES[row.status]}


def note_url(row: Note) -> str:
    """Return where a note is read."""
    return reverse("patients:note", args=[row.patient_id, row.pk])


def note_cells(row: Note, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a note."""
    title = note_title(row)
    template = str(row.get_template_display())
    written = joined("" if title == template else template, called(row.author))
    return [
        text_cell(title, note_snippet(row)) | {"url": note_url(row)},
        {"text": written, "kind": ""},
        day_cell(row.occurred_at),
        note_status(row) | {"kind": "status"},
    ]


def attachment_cells(row: ClinicalAttachment, sees_restricted: bool) -> list[Shown]:
    """Return the cells of a document or another resource kept whole."""
    return [
        text_cell(row.title),
        {"text": wording.word(wording.RESOURCES, row.resource_type), "kind": ""},
        day_cell(row.occurred_at),
    ]
