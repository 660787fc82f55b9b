"""What was done to or with a patient."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.forms.entries import entry
from patients.forms.entries.entry import Dated, Entry, choice, stated
from patients.forms.entries.fields import ConceptField, When

STATUSES = stated(("completed", "in-progress", "preparation", "not-done", "on-hold", "stopped"))
AHEAD = {"preparation", "not-done", "on-hold"}


class Procedure(Entry):
    """A procedure: what was done, when, why."""

    kind = "procedures"
    concepts = {"code": ("code", "code_text"), "because": ("reasons", "reason_text")}
    dates = (
        Dated("begins", "occurred_at", "", "performed"),
        Dated("ends", "ended_at", "", "performed"),
    )

    code = ConceptField("procedure", label=_("Procedure"))
    begins = When(label=_("Began"), has_time=True, may_be_future=True)
    ends = When(label=_("Ended"), has_time=True, required=False)
    because = ConceptField("condition", label=_("Reason"), required=False)
    status = choice(_("Status"), STATUSES, initial="completed")
    notes = entry.note_field()

    def clean(self) -> dict[str, Any]:
        """Refuse what ends before it begins, and what is done already but begins tomorrow."""
        said = super().clean() or self.cleaned_data
        self.check_order("begins", "ends")
        if said.get("begins") and said.get("status") not in AHEAD:
            self.refuse_future("begins")
        return said

    @classmethod
    def read(cls, row: Any) -> dict[str, Any]:
        """Return what the form shows of a row."""
        return super().read(row) | {"status": row.status}

    def values(self) -> dict[str, Any]:
        """Return the fields of the row and what they hold."""
        extra = self.period_of("performedPeriod", "performedDateTime", "performed")
        return super().values() | {"status": self.cleaned_data["status"], "extra": extra}
