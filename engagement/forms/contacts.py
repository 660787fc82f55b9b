"""Noting a contact: how it went, and what comes next, in one form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import working_days
from engagement.forms.tasks import Given, said
from engagement.models import Interaction, Task
from engagement.queries import work
from patients.forms.billing import day

MOMENT = "%Y-%m-%dT%H:%M"


class Contact(Given):
    """A contact with its outcome, and the next step where there is one."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Interaction.Kind.choices)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Interaction.Outcome.choices)
    occurred_at = forms.DateTimeField(
        label=_("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
        input_formats=[MOMENT],
    )
    summary = said(_("What was said"), help_text=_("It is sealed."))
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    is_done = forms.BooleanField(label=_("The task is done with this"), required=False)
    next_step = forms.CharField(
        label=_("Next step"),
        required=False,
        max_length=120,
        help_text=_("What is to be done next; it becomes a task. Empty: nothing."),
    )
    next_duty = forms.ChoiceField(
        label=_("Kind of the next step"),
        choices=[
            (one.value, one.label) for one in (Task.Duty.CALL, Task.Duty.VISIT, Task.Duty.OTHER)
        ],
        required=False,
    )
    next_on = day(_("Due on"), required=False)
    field_order = (
        "kind", "outcome", "occurred_at", "summary", "is_done", "next_step", "next_duty", "next_on",
        "executor",
    )  # fmt: skip

    def __init__(self, *args: Any, has_task: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if not has_task:
            del self.fields["is_done"], self.fields["version"]

    def clean_occurred_at(self) -> Any:
        """Return the instant by the clock of the clinic; refuse what lies ahead."""
        local = timezone.make_naive(self.cleaned_data["occurred_at"])
        at = local.replace(tzinfo=working_days.zone())
        if at > timezone.now():
            raise forms.ValidationError(_("This lies ahead. A contact is noted after it was."))
        return at

    def clean(self) -> dict[str, Any]:
        """Want a day for the next step, and a next step for a day."""
        given = super().clean() or {}
        step, on = given.get("next_step", ""), given.get("next_on")
        if step and on is None and "next_on" not in self.errors:
            self.add_error("next_on", _("Say until when."))
        elif on is not None and not step:
            self.add_error("next_step", _("Say what is to be done until then."))
        elif on is not None and on < work.today().day:
            self.add_error("next_on", _("This day is over."))
        return given


def now() -> str:
    """Return this minute by the clock of the clinic, as the browser wants it."""
    return timezone.localtime(timezone.now(), working_days.zone()).strftime(MOMENT)
