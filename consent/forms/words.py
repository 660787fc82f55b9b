"""The words of a form of consent, and a form itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent import elements
from consent.models import ConsentForm

MOST_LETTERS = 4000


class NewForm(forms.Form):
    """A form for a purpose that has none."""

    purpose = forms.ChoiceField(label=_("Purpose"))
    kind = forms.ChoiceField(label=_("Kind"), choices=ConsentForm.Kind.choices)
    months = forms.IntegerField(
        label=_("Ends after months"),
        required=False,
        min_value=1,
        max_value=360,
        help_text=_("Empty: it does not end by itself."),
    )
    ask_again_days = forms.IntegerField(
        label=_("Not asked again for days"),
        min_value=1,
        max_value=3650,
        initial=180,
        help_text=_("So long a refusal is respected."),
    )

    def __init__(self, *args: Any, purposes: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["purpose"] = forms.ChoiceField(
            label=_("Purpose"), choices=[("", _("Choose one")), *purposes]
        )


class Words(forms.Form):
    """A title, and a text per element of the law."""

    title = forms.CharField(label=_("Title"), max_length=160)

    def __init__(self, *args: Any, kind: str, required: set[str], **options: Any) -> None:
        super().__init__(*args, **options)
        for one in elements.offered(kind):
            self.fields[one.key] = forms.CharField(
                label=str(one.label),
                help_text=str(one.help),
                # A draft may be unfinished; publishing asks for the rest.
                required=False,
                max_length=MOST_LETTERS,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
            self.fields[one.key].is_wanted = one.key in required  # type: ignore[attr-defined]

    def said(self) -> dict[str, str]:
        """Return the texts by element."""
        return {key: text for key, text in self.cleaned_data.items() if key != "title"}


class Publication(forms.Form):
    """Whether what was agreed to before must be asked anew."""

    is_material = forms.BooleanField(
        label=_("Purpose, way or kinds of data changed"),
        required=False,
        help_text=_("Then whoever agreed to the words before is asked again."),
    )
