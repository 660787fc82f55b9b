"""What can be exported from the record; found at start-up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from patients.forms.exports import PatientList
from patients.queries import patient_export
from security.access.permissions import Permission
from security.exports import Column, Exporter, register

register(
    Exporter(
        key="patients",
        label=_("List of patients"),
        sentence=_("Names, birth dates and phone numbers of the patients you reach."),
        permission=Permission.DEMOGRAPHICS_READ,
        columns=(
            Column("patients.patient.record_number", _("Record number")),
            Column("patients.patient.names", _("Name")),
            Column("patients.patient.birth_on", _("Birth date")),
            Column("patients.patient.sex", _("Sex")),
            Column("patients.patient.telecoms", _("Phone number")),
            Column("patients.patient.last_activity_at", _("Last activity")),
        ),
        rows=patient_export.rows,
        form=PatientList,
    )
)
