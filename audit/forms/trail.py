"""What the trail is searched by, and why a name is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from audit.actions import SENTENCES
from audit.models import Event
from audit.queries.trail import BASES
from security.access.purposes import PURPOSE_LABELS
from security.forms.exports import sentence
from security.models import User

ANY = ("", _("Any"))
MOMENT = {"type": "datetime-local"}


def _actions() -> list[Any]:
    """Return the actions by app, each group with its whole first."""
    groups: dict[str, list[Any]] = {}
    for action, words in SENTENCES.items():
        app = action.split(".")[0]
        groups.setdefault(app, [(f"{app}.", _("All of this group"))]).append((action, words))
    return [(apps.get_app_config(app).verbose_name, group) for app, group in groups.items()]


class Search(forms.Form):
    """Which events are looked for; what is left empty does not narrow."""

    actor = forms.CharField(label=_("Who"), required=False, max_length=40, widget=forms.Select)
    subject = forms.UUIDField(
        label=_("Pseudonym"),
        required=False,
        help_text=_("The whole pseudonym of a patient, as an event shows it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    action = forms.ChoiceField(label=_("Action"), required=False)
    purpose = forms.ChoiceField(
        label=_("Purpose"), required=False, choices=[ANY, *PURPOSE_LABELS.items()]
    )
    basis = forms.ChoiceField(label=_("Basis"), required=False, choices=[ANY, *BASES.items()])
    outcome = forms.ChoiceField(
        label=_("Outcome"), required=False, choices=[ANY, *Event.Outcome.choices]
    )
    since = forms.DateTimeField(
        label=_("From"),
        required=False,
        widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"),
    )
    until = forms.DateTimeField(
        label=_("Earlier than"),
        required=False,
        widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(
        self, *args: Any, people: Sequence[tuple[str, str]] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["action"]
        chosen.choices = [ANY, *_actions()]
        if people is None:
            del self.fields["actor"]
            return
        given = self.data.get("actor", "")
        known = {handle for handle, _name in people}
        # A patient's account is followed from an event; it stands in no list.
        more = [(given, given)] if given and given not in known else []
        who: Any = self.fields["actor"].widget
        who.choices = [ANY, *people, *more]

    def clean_actor(self) -> UUID | None:
        """Return the account of a handle."""
        handle = self.cleaned_data["actor"]
        if not handle:
            return None
        found: UUID | None = User.objects.filter(handle=handle).values_list("pk", flat=True).first()
        if found is None:
            raise ValidationError(_("Nobody has this handle."))
        return found

    def clean(self) -> dict[str, Any]:
        """Refuse a stretch of time that ends before it begins."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("since") and data.get("until") and data["until"] <= data["since"]:
            self.add_error("until", _("This is not after the beginning."))
        return data


class Why(forms.Form):
    """Why a name is needed."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        validators=[sentence],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept on the trail with your name."),
    )
