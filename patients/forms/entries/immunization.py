"""Vaccinations."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from patients.forms.entries import entry
from patients.forms.entries.entry import Dated, Entry, choice, stated
from patients.forms.entries.fields import ConceptField, When, Words

STATUSES = stated(("completed", "not-done"))
SOURCES = (("here", _("given here")), ("reported", _("told or shown by the patient")))


class Immunization(Entry):
    """A vaccination: which vaccine, when, from which lot."""

    kind = "immunizations"
    concepts = {"code": ("vaccine", "code_text")}
    dates = (Dated("given", "occurred_at", "occurrenceDateTime", "occurrence"),)

    code = ConceptField("vaccine", label=_("Vaccine"))
    given = When(
        label=_("Given on"), has_time=True, help_text=_("A year or a month is enough if nobody knows more.")
    )  # fmt: skip
    lot = Words(
        label=_("Lot number"),
        required=False,
        max_length=40,
        validators=[
            RegexValidator(
                re.compile(r"^[A-Za-z0-9][A-Za-z0-9 ./_-]*\Z"),
                _("A lot number is made of letters, figures, spaces, dots, strokes and hyphens."),
            )
        ],
    )
    source = choice(_("Where from"), SOURCES, required=False, initial="here")
    status = choice(_("Status"), STATUSES, initial="completed")
    notes = entry.note_field()

    def clean(self) -> dict[str, Any]:
        """Ask why a vaccination was not given."""
        said = super().clean() or self.cleaned_data
        if (
            said.get("status") == "not-done"
            and not said.get("notes")
            and "notes" not in self.errors
        ):
            self.add_error("notes", _("Say why it was not given."))
        return said

    @classmethod
    def read(cls, row: Any) -> dict[str, Any]:
        """Return what the form shows of a row."""
        sources = {True: "here", False: "reported", None: ""}
        return super().read(row) | {
            "lot": row.lot_number or "",
            "source": sources[row.primary_source],
            "status": row.status,
        }

    def values(self) -> dict[str, Any]:
        """Return the fields of the row and what they hold."""
        said = self.cleaned_data
        return super().values() | {
            "lot_number": said["lot"] or None,
            "primary_source": {"here": True, "reported": False}.get(said["source"]),
            "status": said["status"],
        }
