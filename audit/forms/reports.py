"""Forms of audit reports: when they are made, and one that is made now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.models import ReportSchedule
from audit.models.report import LAST_DAY, LAST_HOUR, Kind
from security.access.roles import ROLES

WHICH = [
    ("weekly-last", _("Last week")),
    ("weekly-running", _("This week, so far")),
    ("monthly-last", _("Last month")),
    ("monthly-running", _("This month, so far")),
]


class Make(forms.Form):
    """Which report is made now."""

    which = forms.ChoiceField(label=_("Which time"), choices=WHICH)

    def asked(self) -> dict[str, Any]:
        """Return the kind, and whether it is the period that runs."""
        kind, _dash, which = self.cleaned_data["which"].partition("-")
        return {"kind": kind, "is_running": which == "running"}


class Schedule(forms.Form):
    """When the reports of one kind are made and who is told."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    is_on = forms.BooleanField(label=_("Make this report"), required=False)
    weekday = forms.TypedChoiceField(
        label=_("Day of the week"), coerce=int, choices=ReportSchedule.Weekday.choices
    )
    day = forms.TypedChoiceField(
        label=_("Day of the month"),
        coerce=int,
        choices=[(number, str(number)) for number in range(1, LAST_DAY + 1)],
    )
    hour = forms.TypedChoiceField(
        label=_("Not before"),
        coerce=int,
        choices=[(number, f"{number:02d}:00") for number in range(LAST_HOUR + 1)],
        help_text=_("In the clinic's time zone, after the period has ended."),
    )
    recipients = forms.MultipleChoiceField(
        label=_("Who is told"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everybody with the role gets a notice with a link, without content."),
    )

    def __init__(self, *args: Any, kind: str, readers: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["day" if kind == Kind.WEEKLY else "weekday"]
        field: Any = self.fields["recipients"]
        field.choices = [(key, str(ROLES[key].label)) for key in readers]


def initial_of(row: ReportSchedule) -> dict[str, Any]:
    """Return a schedule as its form shows it."""
    names = ("version", "is_on", "weekday", "day", "hour", "recipients")
    return {name: getattr(row, name) for name in names}
