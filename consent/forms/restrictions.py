"""A restriction of what is done with a patient's data, and its end."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import ProcessingPurpose, ProcessingRestriction
from consent.queries.limits import DATA
from security.classification import Category
from security.forms.exports import sentence

Kind = ProcessingRestriction.Kind
# Stored only is what an erasure leaves behind; its own desk says so.
OF_OFFICERS = (Kind.RESTRICTED, Kind.OBJECTION, Kind.SELF_PAY, Kind.STORAGE)
FURTHEST = timedelta(days=36525)
OF_THE_DESK = (Kind.SELF_PAY,)


class Restrict(forms.Form):
    """What kind of restriction, of what, why and until when."""

    kind = forms.ChoiceField(label=_("Kind"))
    purpose = forms.ModelChoiceField(
        label=_("Purpose"),
        queryset=ProcessingPurpose.objects.none(),
        required=False,
        empty_label=_("Every purpose"),
        help_text=_("An objection needs one."),
    )
    until = forms.DateField(
        label=_("Until the end of"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("Empty: until it is lifted."),
    )
    categories = forms.MultipleChoiceField(
        label=_("Data"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all data of the record; of bills, if the patient paid alone."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the person asked for, or the provision. Sealed."),
    )

    def __init__(self, *args: Any, is_officer: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = OF_OFFICERS if is_officer else OF_THE_DESK
        fields: dict[str, Any] = self.fields
        fields["kind"].choices = [(str(one), one.label) for one in kinds]
        if not is_officer:
            # Whoever pays alone speaks of bills.
            for name in ("purpose", "categories"):
                del fields[name]
            return
        fields["purpose"].queryset = ProcessingPurpose.objects.active().order_by("key")
        fields["purpose"].label_from_instance = lambda row: row.label
        fields["categories"].choices = [
            (str(one), one.label)
            for one in Category
            if one in DATA and one is not Category.CAMPAIGNS
        ]

    def clean_until(self) -> datetime | None:
        """Return the end of the day as an instant of the clinic; refuse one that is over."""
        day: date | None = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise ValidationError(_("The end lies in the past."))
        if day > timezone.localdate() + FURTHEST:
            raise ValidationError(_("That is too far ahead. Leave it empty: until it is lifted."))
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


class Lift(forms.Form):
    """Why a restriction ends, and that the person was told before (GDPR 18(3))."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stands in the trail, sealed."),
    )
    is_told = forms.BooleanField(label=_("The person was told before it is lifted (GDPR 18(3))."))
