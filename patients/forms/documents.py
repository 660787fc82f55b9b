"""Forms of documents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from patients.forms.versioned import Reasoned
from patients.models import Document


class Upload(forms.Form):
    """A file and what it is."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "PDF, JPEG, PNG or plain text. Metadata of pictures, such as the place, is removed."
        ),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.txt"}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
        max_length=None,
    )
    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Document.Kind.choices, initial="other")
    occurred_on = forms.DateField(
        label=_("Date of the document"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    is_restricted = forms.BooleanField(
        label=_("Specially protected"),
        required=False,
        help_text=_("Only named people with a clearance can open it."),
    )

    def __init__(self, *args: Any, may_restrict: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if not may_restrict:
            del self.fields["is_restricted"]

    def clean_occurred_on(self) -> Any:
        """Refuse a day that has not come."""
        day = self.cleaned_data["occurred_on"]
        if day > timezone.localdate() or day.year < 1900:
            raise forms.ValidationError(
                _("Give the day of the document; it can not lie in the future.")
            )
        return day


class Withdrawal(Reasoned):
    """Why a document is taken back."""
