"""Feedback: the answer to a survey, what a survey asks, a complaint from its note to its answer."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement.models import Complaint, Survey
from engagement.models.complaint import Way
from engagement.services.complaints import MOST_LETTERS, Resolution
from engagement.services.surveys import COMPLAINT, LONGEST, SECURITY, Given
from security.forms.exports import sentence

SATISFIED = [
    (5, _("Very good")),
    (4, _("Good")),
    (3, _("Fair")),
    (2, _("Poor")),
    (1, _("Very poor")),
]
ABOUT = [
    ("", _("Something you may read and learn from")),
    (COMPLAINT, _("A complaint: please look into it and answer me")),
    (SECURITY, _("A worry about my data or security: for the compliance officers alone")),
]


def _whole(value: str) -> int | None:
    return int(value) if value else None


class Answer(forms.Form):
    """Three questions, none of which must be answered."""

    recommend = forms.TypedChoiceField(
        label=_("Would you recommend us to family and friends?"),
        choices=[(number, str(number)) for number in range(11)],
        coerce=_whole, empty_value=None, required=False, widget=forms.RadioSelect,
        help_text=_("0 = certainly not, 10 = certainly"),
    )  # fmt: skip
    satisfaction = forms.TypedChoiceField(
        label=_("How was your visit?"),
        choices=SATISFIED, coerce=_whole, empty_value=None, required=False, widget=forms.RadioSelect,
    )  # fmt: skip
    comment = forms.CharField(
        label=_("What was good, what should we do better?"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Encrypted; only who works on it reads it. Please write nothing about your illness."
        ),
    )
    about = forms.ChoiceField(
        label=_("What you wrote is"), choices=ABOUT, required=False, widget=forms.RadioSelect
    )

    def given(self) -> Given:
        """Return what was answered."""
        return Given(**self.cleaned_data)


class AboutSurvey(forms.Form):
    """What is asked, after which visits, when, and for how long."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("Title, English"), max_length=120)
    title_zh = forms.CharField(label=_("Title, Chinese"), max_length=120)
    intro = forms.CharField(
        label=_("Introduction, English"), max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )
    intro_zh = forms.CharField(
        label=_("Introduction, Chinese"), max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )
    service = forms.ChoiceField(label=_("After visits for"), required=False)
    wait_hours = forms.IntegerField(
        label=_("Hours after the visit"), min_value=0, max_value=48, initial=2
    )
    open_days = forms.IntegerField(label=_("Days to answer"), min_value=1, max_value=90, initial=21)
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, services: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["service"]
        field.choices = [("", _("Every visit without a survey of its own")), *services]

    def fields_of(self) -> dict[str, Any]:
        """Return the fields of the survey."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return said | {"service_id": said.pop("service") or None}


def about(row: Survey) -> dict[str, Any]:
    """Return what the form shows of a survey."""
    names = (
        "version", "title", "title_zh", "intro", "intro_zh", "wait_hours", "open_days", "is_active",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {"service": row.service_id or ""}


class Complain(forms.Form):
    """What somebody says, what it is about, how and when it came in."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Complaint.Kind.choices)
    theme = forms.ChoiceField(
        label=_("What it is about"),
        choices=[
            ("", _("Please choose")),
            *Complaint.Theme.choices,
            (SECURITY, _("Data protection or security: to the compliance desk alone")),
        ],
    )
    way = forms.ChoiceField(
        label=_("How it came in"),
        choices=[pair for pair in Way.choices if pair[0] not in {Way.SURVEY, Way.PORTAL}],
    )
    received_on = forms.DateField(
        label=_("Received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("The time to answer runs from this day."),
    )
    words = forms.CharField(
        label=_("In the person's words"),
        max_length=MOST_LETTERS,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    contact = forms.CharField(
        label=_("Who says it and where an answer goes"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Empty: the patient, or somebody who wants no answer."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["received_on"].initial = timezone.localdate()

    def clean_received_on(self) -> datetime:
        """Return the instant: now for today, else the end of that day; refuse a day that lies ahead."""
        day = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise ValidationError(_("This can not have been received in the future."))
        if day == timezone.localdate():
            return timezone.now()
        return timezone.make_aware(datetime.combine(day, time(12)))


class Assign(forms.Form):
    """Who works on a case, and what it is about."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    to = forms.ChoiceField(label=_("Who works on it"))
    kind = forms.ChoiceField(label=_("Kind"), choices=Complaint.Kind.choices)
    theme = forms.ChoiceField(label=_("What it is about"), choices=Complaint.Theme.choices)

    def __init__(self, *args: Any, owners: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["to"]
        field.choices = owners


class Extend(forms.Form):
    """Why a case takes longer."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class Close(forms.Form):
    """What was found, what the person was told, and how."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=[("", _("Please choose")), *Complaint.Outcome.choices]
    )
    finding = forms.CharField(
        label=_("What was found and what we change"),
        max_length=MOST_LETTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For colleagues; the person does not read it."),
    )
    answer = forms.CharField(
        label=_("Answer to the person"),
        required=False,
        max_length=MOST_LETTERS,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("As it is told or written. It can be printed once the case is closed."),
    )
    answer_way = forms.ChoiceField(
        label=_("How the person was told"), choices=Complaint.AnswerWay.choices
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the answer where one was given."""
        said: dict[str, Any] = super().clean() or {}
        if not said.get("answer") and said.get("answer_way") != Complaint.AnswerWay.NONE:
            self.add_error("answer", _("Write the answer, or say that none was wanted."))
        return said

    def resolution(self) -> Resolution:
        """Return how the case ends."""
        said = self.cleaned_data
        return Resolution(said["outcome"], said["finding"], said["answer"], said["answer_way"])
