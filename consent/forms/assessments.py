"""Forms of impact assessments: the questions, the risks, the sign-off."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent import questions
from consent.models import ImpactAssessment
from consent.models.assessment import GRADES

LONGEST = 8000
BLANK = 2


class Assessment(forms.Form):
    """What an assessment says."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    triggers = forms.MultipleChoiceField(
        label=_("Why it is asked for"),
        required=False,
        choices=list(questions.TRIGGERS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    conclusion = forms.ChoiceField(
        label=_("Conclusion"), required=False, choices=ImpactAssessment.Conclusion.choices
    )
    review_on = forms.DateField(
        label=_("Looked at again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for key, (heading, question) in questions.QUESTIONS.items():
            self.fields[f"answer_{key}"] = forms.CharField(
                label=str(heading),
                help_text=str(question),
                required=False,
                max_length=LONGEST,
                widget=forms.Textarea(attrs={"rows": 4}),
            )

    def answers(self) -> list[forms.BoundField]:
        """Return the questions in their order."""
        return [self[f"answer_{key}"] for key in questions.QUESTIONS]

    def content(self) -> dict[str, Any]:
        """Return what the assessment is to say."""
        said = self.cleaned_data
        return {
            "triggers": said["triggers"],
            "conclusion": said["conclusion"],
            "review_on": said["review_on"],
            "answers": {key: said[f"answer_{key}"] for key in questions.QUESTIONS},
        }


def _grade(label: Any, place: int) -> forms.TypedChoiceField:
    choices = [(grade, questions.GRADE_WORDS[grade][place]) for grade in GRADES]
    return forms.TypedChoiceField(label=label, coerce=int, choices=choices, initial=3)


class Risk(forms.Form):
    """One risk; a line without words is none."""

    risk = forms.CharField(
        label=_("Risk"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    likelihood = _grade(_("Likelihood before"), 0)
    severity = _grade(_("Severity before"), 1)
    measures = forms.CharField(
        label=_("What is done against it"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    likelihood_after = _grade(_("Likelihood after"), 0)
    severity_after = _grade(_("Severity after"), 1)


_Risks: Any = forms.formset_factory(
    Risk, extra=BLANK, max_num=questions.MOST_RISKS, validate_max=True
)


def risks(data: Any, initial: list[dict[str, Any]]) -> Any:
    """Return the lines of risks, with some that are empty."""
    return _Risks(data, initial=initial, prefix="risk")


def said(lines: Any) -> list[dict[str, Any]]:
    """Return the risks that have words."""
    return [line.cleaned_data for line in lines if line.cleaned_data.get("risk", "").strip()]


class Sign(forms.Form):
    """Which version is signed off."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


def initial_of(row: ImpactAssessment) -> dict[str, Any]:
    """Return an assessment as its form shows it."""
    found = {
        name: getattr(row, name) for name in ("version", "triggers", "conclusion", "review_on")
    }
    return found | {f"answer_{key}": text for key, text in row.answers.items()}
