"""A notice as it is written and published, and how a person was told of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import sections
from consent.models import NoticeDelivery
from consent.services.notices import LONGEST, Publication
from patients.informing import Told


class Words(forms.Form):
    """The sections of a notice in one language; what is not finished may stay empty in a draft."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, law: str, language: str, **options: Any) -> None:
        super().__init__(*args, **options)
        for section in sections.SECTIONS[law]:
            help_text = f"{section.hint} ({section.article})"
            if section.fixed and language == sections.FIXED_LANGUAGE:
                help_text = f"{help_text} {section.fixed}"
            self.fields[section.key] = forms.CharField(
                label=str(section.label),
                help_text=help_text,
                required=False,
                max_length=LONGEST,
                widget=forms.Textarea(attrs={"rows": 5}),
            )

    def said(self) -> dict[str, str]:
        """Return the words by section."""
        return {key: said for key, said in self.cleaned_data.items() if key != "version"}


class Publishing(forms.Form):
    """From which day a notice holds, what changed, and who is told again."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    effective_on = forms.DateField(
        label=_("Takes effect on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    change = forms.CharField(label=_("What changed, for people"), max_length=400)
    is_material = forms.BooleanField(
        label=_("Everybody is told again"), required=False, initial=True
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["effective_on"].initial = timezone.localdate()

    def publication(self) -> Publication:
        """Return what was said."""
        said = self.cleaned_data
        return Publication(said["effective_on"], said["change"], said["is_material"], said["seen"])


class Telling(forms.Form):
    """How a person was told, and whether that was acknowledged in writing."""

    way = forms.ChoiceField(
        label=_("How the person was told"),
        choices=[
            pair for pair in NoticeDelivery.Way.choices if pair[0] not in {"portal", "deferred"}
        ],
    )
    language = forms.ChoiceField(label=_("In which language"))
    acknowledged = forms.BooleanField(
        label=_("The person acknowledged it in writing"), required=False
    )

    def __init__(self, *args: Any, languages: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["language"].choices = languages  # type: ignore[attr-defined]

    def told(self) -> Told:
        """Return what was said."""
        said = self.cleaned_data
        return Told(said["way"], said["language"], said["acknowledged"])
