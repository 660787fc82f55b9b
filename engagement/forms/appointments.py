"""Booking, moving and cancelling: which service, which time, which room, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from engagement import clocks
from engagement.models import WaitingEntry
from engagement.queries import agenda, openings
from engagement.services import bookings, waiting
from patients.forms.billing import day
from patients.forms.versioned import Versioned

MOST_LETTERS = 500


def _choice(label: Any, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        error_messages={"invalid_choice": _("This is no longer to be had. Choose again.")},
        **options,
    )


def _note() -> forms.CharField:
    return forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=MOST_LETTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the clinician should know before. Sealed."),
    )


class Looking(forms.Form):
    """For what, by whom and from which day on a time is looked for."""

    service = _choice(_("Service"), required=False)
    clinician = _choice(_("Clinician"), required=False)
    day = day(_("From"), required=False)

    def __init__(self, *args: Any, services: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["service"].choices = [("", _("Choose a service")), *services.items()]
        fields["clinician"].choices = [("", _("Anybody")), *openings.people()]


class Time(forms.Field):
    """A free time as the page offers it: whose, and when."""

    default_error_messages = {
        "required": _("Choose a time."),
        "invalid": _("This is no time. Choose one of the list."),
    }

    def to_python(self, value: Any) -> tuple[UUID, datetime] | None:
        """Return whose time it is and when."""
        if not value:
            return None
        whose, _mark, written = str(value).partition("|")
        clinician_id, at = agenda.read_id(whose), clocks.read(written)
        if clinician_id is None or at is None:
            raise ValidationError(self.error_messages["invalid"])
        return clinician_id, at


class Book(forms.Form):
    """Which of the free times is booked, where, and what is said of it."""

    service = forms.UUIDField(widget=forms.HiddenInput)
    slot = Time(label=_("Time"))
    room = _choice(_("Room"), required=False)
    note = _note()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["room"].choices = [("", _("The usual room")), *openings.rooms()]

    def wish(self) -> bookings.Wish:
        """Return what is to be booked."""
        said = self.cleaned_data
        clinician_id, at = said["slot"]
        return bookings.Wish(
            said["service"], clinician_id, at, agenda.read_id(said["room"]), said["note"]
        )


class Move(Book):
    """Another time for an appointment that the person looked at."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class Cancel(Versioned):
    """Why an appointment is cancelled."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=MOST_LETTERS,
        help_text=_("Sealed; for the clinic alone."),
    )


class Wait(forms.Form):
    """What a patient waits for, on which days."""

    service = _choice(_("Service"))
    clinician = _choice(_("Clinician"), required=False)
    first_on = day(_("From"))
    last_on = day(_("Until"))
    part = forms.ChoiceField(label=_("Part of the day"), choices=WaitingEntry.Part.choices)
    note = _note()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["service"].choices = [("", _("Choose a service")), *openings.services()]
        fields["clinician"].choices = [("", _("Anybody")), *openings.people()]

    def wish(self) -> waiting.Wish:
        """Return what is waited for."""
        said = self.cleaned_data
        return waiting.Wish(
            UUID(said["service"]), said["first_on"], said["last_on"],
            agenda.read_id(said["clinician"]), said["part"], said["note"],
        )  # fmt: skip
