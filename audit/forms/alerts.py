"""Forms of alerts: which are listed, who looks, how one is closed, which pair is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.models import Alert
from audit.queries.alerts import Filters, words_of
from security.monitoring import rules

MOST_DAYS = 365


class Narrowed(forms.Form):
    """Which alerts are listed; what is not understood is left as it is usual."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("open", _("Not closed yet")), ("closed", _("Closed")), ("all", _("All"))],
    )
    rule = forms.ChoiceField(label=_("Rule"), required=False)
    response = forms.ChoiceField(
        label=_("Response"),
        required=False,
        choices=[("loud", _("All but notes")), ("all", _("All")), *Alert.Response.choices],
    )
    mine = forms.BooleanField(label=_("Assigned to me"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        ordered = sorted(rules.values(), key=lambda one: one.order)
        field: Any = self.fields["rule"]
        field.choices = [("", _("Every rule")), *((one.key, words_of(one)) for one in ordered)]

    def filters(self) -> Filters:
        """Return what is asked for."""
        asked = self.cleaned_data if self.is_valid() else {}
        state, response = asked.get("state") or "open", asked.get("response") or "loud"
        return Filters(
            state="" if state == "all" else state,
            rule=asked.get("rule") or "",
            response="" if response == "all" else response,
            mine=bool(asked.get("mine")),
        )


class Assign(forms.Form):
    """Who looks after an alert."""

    colleague = forms.ChoiceField(label=_("Colleague"))

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["colleague"]
        field.choices = people


class Close(forms.Form):
    """How an alert is closed."""

    verdict = forms.ChoiceField(
        label=_("Verdict"), choices=Alert.Verdict.choices, widget=forms.RadioSelect
    )
    explanation = forms.CharField(
        label=_("What explains it"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What you found out and whom you asked. It is sealed and kept with the alert."),
    )


class Remember(forms.Form):
    """Which two work together, until when and why."""

    other = forms.ChoiceField(label=_("Works together with"))
    until = forms.DateField(
        label=_("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("What the two do explains itself until then, within a year."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, *args: Any, others: Sequence[tuple[str, Any]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["other"]
        field.choices = others

    def clean_until(self) -> Any:
        """Take days from tomorrow on, within a year."""
        day, today = self.cleaned_data["until"], timezone.localdate()
        if not today < day <= today + timedelta(days=MOST_DAYS):
            raise forms.ValidationError(_("Choose a day after today and within a year."))
        return day


class Setting(forms.Form):
    """How a rule is set."""

    is_on = forms.BooleanField(label=_("On"), required=False)
    threshold = forms.FloatField(label=_("Threshold"), min_value=0.01, max_value=1_000_000)
