"""Forms of messages: what a person wishes, when a service reminds, what was done instead."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from engagement.queries.preferences import USUAL
from engagement.services.reminders import MOST_HOURS, Rule
from security.delivery.desk import CHANNELS

WAYS = [(one, CHANNELS[one]) for one in USUAL]
ANY = [("", _("No further way")), *WAYS]


def _clock(label: Any, **more: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        input_formats=["%H:%M"],
        **more,
    )


class Wishes(forms.Form):
    """By which ways, in which language and when somebody wants to be written to."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    first = forms.ChoiceField(
        label=_("First by"),
        required=False,
        choices=[("", _("Any way that is allowed")), *WAYS],
        help_text=_("Only the ways named here are used, in this order."),
    )
    second = forms.ChoiceField(label=_("Then by"), required=False, choices=ANY)
    third = forms.ChoiceField(label=_("Then by"), required=False, choices=ANY)
    language = forms.ChoiceField(
        label=_("Language of messages"),
        required=False,
        choices=[("", _("As in the record")), ("zh-CN", "中文"), ("en", "English")],
    )
    quiet_from = _clock(_("Nothing after"), help_text=_("Empty: as the clinic does."))
    quiet_to = _clock(_("and before"))
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For colleagues, such as “call the daughter first”. Sealed."),
    )

    def clean(self) -> dict[str, Any]:
        """Hold that quiet hours have both ends and that no way comes twice."""
        said = self.cleaned_data
        if bool(said.get("quiet_from")) != bool(said.get("quiet_to")):
            raise ValidationError(_("Quiet hours need a begin and an end."))
        named = [said.get(one) for one in ("first", "second", "third") if said.get(one)]
        if len(named) != len(set(named)):
            raise ValidationError(_("Name each way once."))
        if named and not said.get("first"):
            raise ValidationError(_("Name the first way first."))
        return said

    def fields_said(self) -> dict[str, Any]:
        """Return what the deed takes."""
        said = self.cleaned_data
        hours = (said["quiet_from"], said["quiet_to"])
        return {
            "channels": [said[one] for one in ("first", "second", "third") if said[one]],
            "language": said["language"],
            "quiet": "-".join(f"{one:%H:%M}" for one in hours) if all(hours) else "",
            "note": said["note"].strip(),
        }


class Handled(forms.Form):
    """What somebody did about a person whom no reminder reaches."""

    outcome = forms.CharField(
        label=_("What was done"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Such as “called, comes”. Sealed."),
    )


class Reminding(forms.Form):
    """When and by which ways a service reminds: up to three times."""

    TIMES = 3

    def __init__(self, *said: Any, **named: Any) -> None:
        super().__init__(*said, **named)
        for number in range(1, self.TIMES + 1):
            self.fields[f"hours_{number}"] = forms.IntegerField(
                label=_("Reminder %(n)d: hours before") % {"n": number},
                required=False,
                min_value=1,
                max_value=MOST_HOURS,
            )
            self.fields[f"channels_{number}"] = forms.MultipleChoiceField(
                label=_("Reminder %(n)d: ways, the first that is open is used") % {"n": number},
                required=False,
                choices=WAYS,
                widget=forms.CheckboxSelectMultiple,
            )

    def clean(self) -> dict[str, Any]:
        """Hold that each reminder has hours and a way, and that no two are at one time."""
        said = self.cleaned_data
        hours = []
        for number in range(1, self.TIMES + 1):
            at, ways = said.get(f"hours_{number}"), said.get(f"channels_{number}")
            if bool(at) != bool(ways) and not self.errors:
                raise ValidationError(_("A reminder needs its hours and at least one way."))
            hours += [at] if at else []
        if len(hours) != len(set(hours)):
            raise ValidationError(_("Two reminders at one time are one."))
        return said

    def rules(self) -> list[Rule]:
        """Return what the deed takes."""
        said = self.cleaned_data
        return [
            Rule(said[f"hours_{number}"], tuple(said[f"channels_{number}"]))
            for number in range(1, self.TIMES + 1)
            if said[f"hours_{number}"]
        ]
