"""The kinds of entries of a clinical record: where they stand, how they are called and shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients import models
from patients.models import PatientRecord
from patients.queries import entries, measures
from patients.queries.entries import Shown
from security.people import called
from security.sealing import SealBroken
from security.sealing.shape import shape_of

Column = tuple[Promise | str, str]
_WHEN: Column = (_("Date"), "date")
_STATUS: Column = (_("Status"), "status")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entry: its table and how a row of it is read."""

    key: str
    label: Promise
    one: Promise
    icon: str
    model: type[PatientRecord]
    columns: tuple[Column, ...]
    cells: Callable[[Any, bool], list[Shown]]
    related: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def rows(self, patient_id: UUID, sees_restricted: bool) -> QuerySet[Any]:
        """Return a patient's entries; the restricted envelope is left out unless it may be read."""
        found: QuerySet[Any] = self.model._default_manager.filter(patient_id=patient_id)
        if self.without:
            found = found.exclude(resource_type__in=self.without)
        if self.related:
            found = found.select_related(*self.related)
        restricted = shape_of(self.model).columns.get("restricted")
        if restricted and not sees_restricted:
            found = found.defer(restricted.attname)
        return found

    def table_row(self, row: PatientRecord, sees_restricted: bool) -> Shown:
        """Return an entry as a row of its table; locked or broken where it must be."""
        if entries.is_locked(row, sees_restricted):
            return entries.LOCKED | {"cells": []}
        try:
            entries.uncover(row, sees_restricted=sees_restricted)
            cells = self.cells(row, sees_restricted)
        except SealBroken:
            return entries.BROKEN | {"cells": []}
        labels = [label for label, _kind in self.columns]
        return {
            "id": row.pk,
            "cells": [cell | {"label": label} for cell, label in zip(cells, labels, strict=True)],
            "is_protected": row.confidentiality != PatientRecord.Confidentiality.NORMAL,
            "restricted": False,
            "broken": False,
        }

    def line(self, row: PatientRecord, sees_restricted: bool) -> Shown:
        """Return an entry as a line of the timeline; locked or broken where it must be."""
        where = {"at": row.occurred_at, "icon": self.icon, "kind_label": self.one}
        if entries.is_locked(row, sees_restricted):
            return where | entries.LOCKED
        try:
            entries.uncover(row, sees_restricted=sees_restricted)
            name = self.cells(row, sees_restricted)[0]
            detail = entries.joined(entries.mistake(row), name["note"])
            told = {"text": name["text"], "detail": detail} | _extra(row)
        except SealBroken:
            return where | entries.BROKEN
        return where | told | {"restricted": False, "broken": False}


def _extra(row: PatientRecord) -> Shown:
    if isinstance(row, models.Observation):
        return dict(measures.measured(row))
    if isinstance(row, models.Note):
        status = entries.note_status(row) if row.status != row.Status.SIGNED else {}
        return {"who": called(row.author), "url": entries.note_url(row), "status": status}
    if isinstance(row, models.Encounter):
        return dict(entries.visit_place(row))
    return {}


KINDS: tuple[Kind, ...] = (
    Kind(
        "visits",
        _("Visits"),
        _("Visit"),
        "building-hospital",
        models.Encounter,
        ((_("Visit"), ""), (_("With"), ""), _WHEN, _STATUS),
        entries.visit_cells,
        related=("practitioner", "organization"),
    ),
    Kind(
        "notes",
        _("Notes"),
        _("Note"),
        "notes",
        models.Note,
        ((_("Note"), ""), (_("Written"), ""), _WHEN, _STATUS),
        entries.note_cells,
        related=("author",),
    ),
    Kind(
        "conditions",
        _("Diagnoses"),
        _("Diagnosis"),
        "stethoscope",
        models.Condition,
        ((_("Diagnosis"), ""), (_("Since"), "date"), (_("Until"), "date"), _STATUS),
        entries.condition_cells,
    ),
    Kind(
        "allergies",
        _("Allergies"),
        _("Allergy"),
        "alert-triangle",
        models.AllergyIntolerance,
        ((_("Allergy"), ""), (_("Severity"), ""), _WHEN, _STATUS),
        entries.allergy_cells,
    ),
    Kind(
        "medications",
        _("Medication"),
        _("Prescription"),
        "pill",
        models.MedicationRequest,
        ((_("Medicine"), ""), (_("Ordered"), "date"), _STATUS),
        entries.medication_cells,
    ),
    Kind(
        "observations",
        _("Results"),
        _("Result"),
        "activity",
        models.Observation,
        ((_("Measured"), ""), (_("Value"), "number"), (_("Range"), "status"), _WHEN),
        entries.observation_cells,
    ),
    Kind(
        "reports",
        _("Reports"),
        _("Report"),
        "report-medical",
        models.DiagnosticReport,
        ((_("Report"), ""), _WHEN, _STATUS),
        entries.report_cells,
    ),
    Kind(
        "procedures",
        _("Procedures"),
        _("Procedure"),
        "medical-cross",
        models.Procedure,
        ((_("Procedure"), ""), _WHEN, _STATUS),
        entries.procedure_cells,
    ),
    Kind(
        "immunizations",
        _("Vaccinations"),
        _("Vaccination"),
        "vaccine",
        models.Immunization,
        ((_("Vaccine"), ""), _WHEN, _STATUS),
        entries.immunization_cells,
    ),
    Kind(
        "plans",
        _("Care plans"),
        _("Care plan"),
        "clipboard-list",
        models.CarePlan,
        ((_("Plan"), ""), (_("From"), "date"), (_("Until"), "date"), _STATUS),
        entries.plan_cells,
    ),
    Kind(
        "documents",
        _("Documents"),
        _("Document"),
        "file-text",
        models.ClinicalAttachment,
        ((_("Document"), ""), (_("Kind"), ""), _WHEN),
        entries.attachment_cells,
        # What another source said of the person is kept for export and is no clinical entry.
        without=("Patient",),
    ),
)
# The kinds that people write here; the others come with imports, visits and uploads.
WRITTEN = frozenset(
    {
        "conditions",
        "allergies",
        "medications",
        "observations",
        "procedures",
        "immunizations",
        "plans",
    }
)
BY_KEY = {kind.key: kind for kind in KINDS}


def chosen(key: str) -> Iterable[Kind]:
    """Return the kind of a key, or all kinds; keys come from addresses."""
    return (BY_KEY[key],) if key in BY_KEY else KINDS
