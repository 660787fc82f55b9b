"""Starting and ending a plan; writing templates and their steps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from engagement.forms.tasks import said
from engagement.models import Area, PlanStep, PlanTemplate, Questionnaire, Task
from patients.forms.billing import day
from patients.forms.versioned import Versioned
from security.ids import new_id

Trigger = PlanTemplate.Trigger


class Start(forms.Form):
    """By which template a patient is followed up, and from when its days are counted."""

    template = forms.ChoiceField(label=_("Plan"))
    starts_on = day(_("Begins on"), help_text=_("The days of its steps are counted from here."))

    def __init__(self, *args: Any, templates: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["template"]
        chosen.choices = templates


class End(Versioned):
    """Why a plan ends early."""

    reason = said(_("Why it ends"), rows=2)


class Template(forms.Form):
    """What a template says, and what its rule looks for."""

    name = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    sentence = forms.CharField(label=_("What it is for, in English"), max_length=300)
    sentence_zh = forms.CharField(
        label=_("What it is for, in Chinese"), max_length=300, required=False
    )
    trigger = forms.ChoiceField(label=_("It begins when"), choices=Trigger.choices)
    is_automatic = forms.BooleanField(
        label=_("The rule starts it at night"),
        required=False,
        help_text=_("Otherwise it is started by hand. Switched on, it starts for what is new."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)
    codes = forms.CharField(
        label=_("Codes"),
        required=False,
        max_length=600,
        help_text=_(
            "Of diseases (ICD-10 with all below, SNOMED CT) or vaccines (CVX), with commas."
        ),
    )
    classes = forms.CharField(
        label=_("Kinds of visits"),
        required=False,
        max_length=100,
        help_text=_(
            "HL7 classes with commas: IMP for stays, EMER for emergencies, AMB for visits."
        ),
    )
    days = forms.IntegerField(
        label=_("Days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("Between two doses, or before the birthday."),
    )
    min_age = forms.IntegerField(label=_("From the age of"), required=False, max_value=120)

    def clean(self) -> dict[str, Any]:
        """Want what the rule can not do without."""
        given = super().clean() or {}
        trigger = given.get("trigger")
        if trigger in (Trigger.CHRONIC, Trigger.VACCINATION) and not given.get("codes"):
            self.add_error("codes", _("The rule needs codes to look for."))
        if trigger == Trigger.DISCHARGE and not given.get("classes"):
            self.add_error("classes", _("The rule needs kinds of visits to look for."))
        if trigger == Trigger.MANUAL:
            given["is_automatic"] = False
        return given

    def content(self) -> dict[str, Any]:
        """Return what is stored."""
        given = self.cleaned_data
        names = (
            "name", "name_zh", "sentence", "sentence_zh", "trigger", "is_automatic", "is_active",
        )  # fmt: skip
        return {name: given[name] for name in names} | {"criteria": self._criteria()}

    def _criteria(self) -> dict[str, Any]:
        given = self.cleaned_data
        match given["trigger"]:
            case Trigger.CHRONIC:
                return {"codes": _listed(given["codes"])}
            case Trigger.VACCINATION:
                return {"codes": _listed(given["codes"]), "interval_days": given["days"] or 365}
            case Trigger.DISCHARGE:
                return {"classes": _listed(given["classes"])}
            case Trigger.BIRTHDAY:
                return {"days_before": given["days"] or 30, "min_age": given["min_age"] or 0}
        return {}

    def key(self) -> str:
        """Return the key of a new template."""
        return f"{slugify(self.cleaned_data['name'])[:27]}-{new_id().hex[-12:]}"


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.replace("，", ",").split(",") if one.strip()]


def initial_of(row: PlanTemplate) -> dict[str, Any]:
    """Return what the form of a template begins with."""
    names = (
        "name", "name_zh", "sentence", "sentence_zh", "trigger", "is_automatic", "is_active",
    )  # fmt: skip
    criteria = row.criteria
    return {name: getattr(row, name) for name in names} | {
        "codes": ", ".join(criteria.get("codes", ())),
        "classes": ", ".join(criteria.get("classes", ())),
        "days": criteria.get("interval_days") or criteria.get("days_before"),
        "min_age": criteria.get("min_age"),
    }


class Step(forms.Form):
    """One step of a template."""

    title = forms.CharField(label=_("What is to be done, in English"), max_length=120)
    title_zh = forms.CharField(
        label=_("What is to be done, in Chinese"), max_length=120, required=False
    )
    offset_days = forms.IntegerField(
        label=_("Days after the beginning"), min_value=0, max_value=3650
    )
    area = forms.ChoiceField(
        label=_("For whom"),
        choices=Area.choices,
        help_text=_("The desk and outreach read what is to be done: name nothing of health there."),
    )
    duty = forms.ChoiceField(label=_("Kind"), choices=Task.Duty.choices)
    assignee_rule = forms.ChoiceField(label=_("Who does it"), choices=PlanStep.Assignee.choices)
    questionnaire = forms.ModelChoiceField(
        Questionnaire.objects.filter(is_active=True).order_by("name"),
        label=_("Questions"),
        required=False,
        empty_label=_("None"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["questionnaire"]
        chosen.label_from_instance = lambda row: row.label

    def clean(self) -> dict[str, Any]:
        """Let only who cares for the patient ask questions."""
        given = super().clean() or {}
        if given.get("questionnaire") and given.get("area") != Area.CARE:
            self.add_error(
                "area",
                _("Answers are health data: only who cares for the patient asks questions."),
            )
        return given
