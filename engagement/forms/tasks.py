"""What is said of a task: made, given on, postponed, done with its answers, given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.models import Questionnaire, Task
from engagement.queries import questions, work
from engagement.queries.executors import Executor
from engagement.services.tasks import MOST_LETTERS
from patients.forms.billing import day
from patients.forms.versioned import Versioned

Choices = list[tuple[str, str]]
WORDS = _("Who works on it reads this. It is sealed.")


def said(label: Any, *, rows: int = 3, **options: Any) -> forms.CharField:
    """Return a field for a few sentences."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=MOST_LETTERS, widget=widget, **options)


class Given(forms.Form):
    """Who is given something; chosen of those who could do it."""

    executor = forms.ChoiceField(label=_("Who does it"), required=False)

    def __init__(self, *args: Any, people: Choices, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["executor"]
        chosen.choices = [*people, ("", _("Whoever takes it"))]

    def clean_executor(self) -> Executor:
        """Return who was chosen."""
        return Executor.read(self.cleaned_data["executor"])


class NewTask(Given):
    """What is to be done for a patient, and by when."""

    title = forms.CharField(label=_("What is to be done"), max_length=120)
    duty = forms.ChoiceField(
        label=_("Kind"),
        choices=[one for one in Task.Duty.choices if one[0] != Task.Duty.QUESTIONS],
    )
    due_on = day(_("Due on"))
    note = said(_("Note"), required=False, help_text=WORDS)
    field_order = ("title", "duty", "due_on", "executor", "note")


class HandOn(Given, Versioned):
    """To whom a task is handed on, and why."""

    reason = said(_("What the colleague should know"), rows=2)


class Postpone(Versioned):
    """Until when a task may wait, and why."""

    due_on = day(_("Due on"))
    reason = said(_("Why"), rows=2)

    def clean_due_on(self) -> Any:
        """Refuse a day that is over."""
        chosen = self.cleaned_data["due_on"]
        if chosen < work.today().day:
            raise forms.ValidationError(_("This day is over."))
        return chosen


class GiveUp(Versioned):
    """Why a task is given up."""

    reason = said(_("Why it is given up"), rows=2)


class Done(Versioned):
    """How a task went, and what was answered to its questions."""

    def __init__(
        self, *args: Any, questionnaire: Questionnaire | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.asked = questionnaire.questions if questionnaire else []
        for one in self.asked:
            self.fields[f"q_{one['key']}"] = _field(one)
        self.fields["result"] = said(_("How it went"), required=False)

    def clean(self) -> dict[str, Any]:
        """Want at least one answer where questions belong to the task."""
        given = super().clean() or {}
        if self.asked and not self.errors and not self.answers():
            raise forms.ValidationError(_("Note at least one answer, or give the task up."))
        return given

    def answers(self) -> dict[str, Any]:
        """Return what was answered, by the keys of the questions."""
        found = {one["key"]: self.cleaned_data.get(f"q_{one['key']}") for one in self.asked}
        return {key: value for key, value in found.items() if value not in (None, "")}

    @property
    def question_fields(self) -> Iterator[forms.BoundField]:
        """Yield the fields of the questions, in their order."""
        return (self[f"q_{one['key']}"] for one in self.asked)


def _field(one: dict[str, Any]) -> forms.Field:
    label = questions.worded(one)
    match one["kind"]:
        case "number":
            return forms.FloatField(label=label, required=False, min_value=0, max_value=1000)
        case "text":
            return said(label, rows=2, required=False)
    options = [("", "–"), *questions.choices(one)]
    return forms.ChoiceField(label=label, required=False, choices=options)
