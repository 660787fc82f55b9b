"""What is offered and when: services, rooms, hours, absences."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from engagement import clocks
from engagement.models import Absence, Room, WorkingHours
from engagement.services.planning import Offer
from patients.forms.billing import day
from patients.queries import colleagues
from security.models import User

EVERYBODY = "everybody"
LAST_YEAR = 2100


def _clock(label: Any, **options: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time", "step": 300}, format="%H:%M")
    return forms.TimeField(
        label=label, widget=widget, input_formats=["%H:%M", "%H:%M:%S"], **options
    )


def _chinese(label: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"lang": "zh-Hans"})
    return forms.CharField(label=label, max_length=120, required=False, widget=widget)


class SetService(forms.Form):
    """A kind of appointment and who gives it."""

    name = forms.CharField(label=_("English name"), max_length=120)
    name_zh = _chinese(_("Chinese name"))
    minutes = forms.IntegerField(label=_("Minutes"), min_value=5, max_value=480, initial=30)
    cancel_hours = forms.IntegerField(
        label=_("Patients cancel until so many hours before"),
        min_value=0,
        max_value=720,
        initial=24,
    )
    is_bookable_online = forms.BooleanField(label=_("Patients book it themselves"), required=False)
    is_active = forms.BooleanField(label=_("Offered now"), required=False, initial=True)
    people = forms.MultipleChoiceField(
        label=_("Given by"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["people"].choices = colleagues.clinicians()

    def offer(self) -> Offer:
        """Return what the service is."""
        return Offer(**{name: self.cleaned_data[name] for name in Offer.__slots__})


class SetRoom(forms.Form):
    """A place where one appointment at a time takes place."""

    name = forms.CharField(label=_("English name"), max_length=120)
    name_zh = _chinese(_("Chinese name"))
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)


class AddHours(forms.Form):
    """Who gives appointments on which weekdays, between which times, and where."""

    user = forms.ChoiceField(label=_("Who"))
    begins = _clock(_("From"))
    ends = _clock(_("Until"))
    room = forms.ChoiceField(label=_("Usual room"), required=False)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        choices=WorkingHours.Weekday.choices,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["user"].choices = [("", _("Choose somebody")), *colleagues.clinicians()]
        rooms = [(str(row.pk), row.label) for row in Room.objects.filter(is_active=True)]
        fields["room"].choices = [("", _("No room")), *sorted(rooms, key=lambda pair: pair[1])]

    def clean_user(self) -> User:
        """Return the account."""
        found: User = User.objects.get(pk=self.cleaned_data["user"])
        return found

    def clean_room(self) -> Room | None:
        """Return the room, None for none."""
        chosen = self.cleaned_data["room"]
        return Room.objects.get(pk=chosen) if chosen else None


class AddAbsence(forms.Form):
    """Who gives no appointments from when until when; whole days where no time is given."""

    who = forms.ChoiceField(label=_("Who"))
    kind = forms.ChoiceField(
        label=_("What it is"),
        choices=[one for one in Absence.Kind.choices if one[0] != Absence.Kind.CLOSED],
        help_text=_("Colleagues see it. Reasons stay with the person."),
    )
    first_on = day(_("First day"))
    begins = _clock(_("From"), required=False, help_text=_("Empty: from the morning."))
    last_on = day(_("Last day"))
    ends = _clock(_("Until"), required=False, help_text=_("Empty: the whole day."))

    def __init__(
        self, *args: Any, whom: list[tuple[str, str]], for_all: bool, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["who"].choices = [*([(EVERYBODY, _("The whole clinic"))] if for_all else []), *whom]

    def clean(self) -> dict[str, Any]:
        """Turn days and times of the wall into instants; refuse times that are none."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return said
        if not 2000 <= said["first_on"].year <= said["last_on"].year <= LAST_YEAR:
            raise ValidationError(_("The last day lies before the first, or years ahead."))
        where = clocks.zone()
        begins, ends = said.get("begins") or time(), said.get("ends")
        for on, clock in ((said["first_on"], begins), (said["last_on"], ends)):
            if clock is not None and not clocks.is_shown(on, clock, where):
                raise ValidationError(_("The clocks change that day: there is no such time."))
        said["starts_at"] = clocks.instant(said["first_on"], begins, where)
        last = said["last_on"] if ends else said["last_on"] + timedelta(days=1)
        said["ends_at"] = clocks.instant(last, ends or time(), where)
        return said

    def wish(self) -> dict[str, Any]:
        """Return what the deed takes."""
        said, times = self.cleaned_data, ("kind", "starts_at", "ends_at")
        chosen = None if said["who"] == EVERYBODY else User.objects.get(pk=said["who"])
        found: dict[str, User | str | datetime | None] = {name: said[name] for name in times}
        return found | {"user": chosen}
