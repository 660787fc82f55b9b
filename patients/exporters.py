"""What can be exported from the record; found at start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.forms.disclosures import OnePatient
from patients.forms.exports import BillingMonth, PatientList
from patients.queries import billing_export, disclosures, patient_export
from security.access.permissions import Permission
from security.exports import Column, Exporter, register
from security.models import User

AMOUNTS = {"total", "paid", "refunded", "balance"}


def bills(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the bills of the month that was asked for; amounts as numbers, so that a sheet adds them up."""
    month = date.fromisoformat(f"{parameters['month']}-01")
    keys = [column.key for column in billing_export.COLUMNS]
    for row in billing_export.rows(month, reader=user):
        yield [
            Decimal(value) if key in AMOUNTS else value
            for key, value in zip(keys, row, strict=True)
        ]


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
register(
    Exporter(
        key="bills",
        label=_("Bills of a month"),
        sentence=_(
            "Numbers, dates and amounts for the accounts; no name and nothing that was done."
        ),
        permission=Permission.BILLING_WRITE,
        columns=tuple(
            Column(f"patients.invoice.{column.key}", column.label)
            for column in billing_export.COLUMNS
        ),
        rows=bills,
        form=BillingMonth,
    )
)
register(
    Exporter(
        key="disclosures",
        label=_("Accounting of disclosures"),
        sentence=_("To whom data of one patient went within six years, as the law lists it."),
        permission=Permission.RIGHTS_READ,
        columns=(
            Column("patients.disclosure.disclosed_on", _("Day of the disclosure")),
            Column("patients.disclosure.recipient", _("Recipient")),
            Column("patients.disclosure.address", _("Address of the recipient")),
            Column("patients.disclosure.what", _("What was disclosed")),
            Column("patients.disclosure.why", _("What for")),
            Column("patients.disclosure.ground", _("Ground")),
            Column("patients.disclosure.legal_basis", _("Legal basis")),
        ),
        rows=disclosures.rows,
        form=OnePatient,
        # Who manages rights answers for the accounting (164.528), and exports nothing else.
        asked_by=(Permission.EXPORT_REQUEST, Permission.RIGHTS_MANAGE),
    )
)
