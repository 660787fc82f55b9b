"""What a person wants corrected, and what is decided about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.models import Correction
from consent.services.corrections import LONGEST, Finding, Proposal


def _text(label: Any, *, required: bool = True) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3})
    return forms.CharField(label=label, max_length=LONGEST, widget=widget, required=required)


class Proposed(forms.Form):
    """Which part, what is wrong, what is right."""

    area = forms.ChoiceField(
        label=_("Part of the record"), choices=[("", _("Choose one")), *Correction.Area.choices]
    )
    wrong = _text(_("What is wrong"))
    right = _text(_("What should stand there"))

    def proposal(self) -> Proposal:
        """Return what was said."""
        said = self.cleaned_data
        return Proposal(said["area"], said["wrong"], said["right"])


class Decided(forms.Form):
    """The verdict, the entry that was corrected or the ground of a refusal, and the reasons."""

    verdict = forms.ChoiceField(
        label=_("Verdict"), choices=Correction.Verdict.choices, widget=forms.RadioSelect
    )
    replaced_id = forms.ChoiceField(
        label=_("What you corrected"),
        required=False,
        help_text=_("Correct the entry in the record first; then it is listed here."),
    )
    ground = forms.ChoiceField(
        label=_("Ground of a refusal"),
        required=False,
        choices=[("", _("Choose one")), *Correction.Ground.choices],
    )
    finding = _text(_("Reasons, in words the person understands"))

    def __init__(self, *args: Any, replaced: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["replaced_id"].choices = [("", _("Nothing yet")), *replaced]  # type: ignore[attr-defined]

    def found(self) -> Finding:
        """Return the verdict."""
        said = self.cleaned_data
        replaced = UUID(said["replaced_id"]) if said["replaced_id"] else None
        return Finding(said["verdict"], said["finding"], said["ground"], replaced)


class Disagreement(forms.Form):
    """What the person says against a refusal."""

    statement = _text(_("What the person disagrees with"))
