"""An act of will: who, how, and what the law wants kept of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.models import ConsentEvent, State
from consent.queries import channels
from consent.queries.givers import Giver
from consent.services.acts import MOST_STROKES, Act
from security.models import User

Method, Capacity = ConsentEvent.Method, ConsentEvent.Capacity
ON_SCREEN = [
    (Method.TICK, _("Read it and said so here")),
    (Method.DRAWN, _("Signs below")),
    (Method.TYPED, _("Types the name as signature")),
    (Method.VERBAL, _("Says it, a colleague hears it")),
]
# How it is taken back: a word is enough, and HIPAA wants it in writing (45 CFR 164.508(b)(5)).
IN_WRITING = [
    (Method.TICK, _("Says so here")),
    (Method.TYPED, _("In writing: types the name as signature")),
    (Method.PAPER, _("In writing: by letter")),
]
# As text; a signature has a few hundred points.
MOST_SIGNATURE = 60_000
# Stands for whatever is larger: more strokes than the deed takes, of which nobody reads one.
TOO_LARGE: list[Any] = [[]] * (MOST_STROKES + 1)
NOON = time(12)


def day_field(label: Any, help_text: Any = "") -> forms.DateField:
    """Return a field for a day, not required."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=False, help_text=help_text, widget=widget, input_formats=["%Y-%m-%d"]
    )


class Named(forms.Form):
    """Which data may go to somebody outside, and what for."""

    categories = forms.MultipleChoiceField(
        label=_("Which data may be given"), required=False, widget=forms.CheckboxSelectMultiple
    )
    with_restricted = forms.BooleanField(
        label=_("Specially protected entries as well"), required=False
    )
    what_for = forms.CharField(
        label=_("What for"),
        max_length=500,
        required=False,
        help_text=_("In the person's words; “at my request” is enough."),
    )

    def about_recipient(self) -> dict[str, Any]:
        """Return what was said of a recipient; nothing where the form asks for none."""
        said = self.cleaned_data
        return {
            "categories": tuple(said.get("categories", ())),
            "with_restricted": said.get("with_restricted", False),
            "what_for": said.get("what_for", ""),
        }


class Giving(Named):
    """Who decides, and how it is given."""

    answer = forms.CharField(required=False)
    words = forms.UUIDField(widget=forms.HiddenInput)
    channel = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    giver = forms.ChoiceField(label=_("Who decides"))
    giver_name = forms.CharField(
        label=_("Name of the representative"),
        max_length=120,
        required=False,
        help_text=_("Of somebody who is not among the contacts."),
    )
    proof = forms.CharField(
        label=_("Proof of the authority"),
        max_length=500,
        required=False,
        help_text=_("Which document, and who saw it. Not needed of the patient or a guardian."),
    )
    method = forms.ChoiceField(label=_("How"), choices=ON_SCREEN, widget=forms.RadioSelect)
    strokes = forms.CharField(widget=forms.HiddenInput, required=False)
    typed = forms.CharField(label=_("Name as signature"), max_length=120, required=False)
    witness = forms.ChoiceField(
        label=_("Heard by"), required=False, help_text=_("A colleague other than you.")
    )
    said_on = day_field(_("Said on"), _("Only if it was said before today."))
    reason = forms.CharField(label=_("Why it is entered later"), max_length=500, required=False)
    expires_on = day_field(_("Last day"), _("Only if it shall end earlier than the form says."))
    own_initiative = forms.BooleanField(
        label=_("The patient asks for it without being asked"), required=False
    )

    def __init__(
        self, *args: Any, givers: Sequence[Giver], colleagues: Sequence[tuple[str, str]] = (),
        is_early: bool = False, data: Sequence[tuple[str, str]] = (), **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **options)
        self.givers = {one.key: one for one in givers}
        choices = [(one.key, _named(one)) for one in givers]
        self.fields["giver"] = forms.ChoiceField(label=_("Who decides"), choices=choices)
        if "witness" in self.fields:
            self.fields["witness"] = forms.ChoiceField(
                label=_("Heard by"),
                required=False,
                help_text=_("A colleague other than you."),
                choices=[("", _("Choose one")), *colleagues],
            )
        if not is_early:
            self.fields.pop("own_initiative", None)
        if data:
            chosen: Any = self.fields["categories"]
            chosen.choices = data
        else:
            for name in ("categories", "with_restricted", "what_for"):
                del self.fields[name]

    def clean_strokes(self) -> list[Any]:
        """Return the strokes of the pen; what is none is refused by the deed, which tells the trail."""
        text = self.cleaned_data["strokes"]
        if len(text) > MOST_SIGNATURE:
            return TOO_LARGE
        try:
            found = json.loads(text) if text else []
        except (ValueError, RecursionError):
            return []
        return found if isinstance(found, list) else []

    def clean(self) -> dict[str, Any]:
        """Refuse what says neither yes nor no: nobody's silence is written down as a refusal."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("answer") not in {State.GRANTED, State.DECLINED}:
            raise ValidationError(_("Say whether the patient agrees or not."))
        return said

    def act(self) -> Act:
        """Return what was said, as the deed takes it."""
        said = self.cleaned_data
        giver = self.givers[said["giver"]]
        return Act(
            method=said["method"],
            capacity=giver.capacity,
            relation_id=giver.relation_id,
            giver=said["giver_name"],
            proof=said["proof"],
            witness=_colleague(said["witness"]) if said["method"] == Method.VERBAL else None,
            signature=self._signature(),
            given_at=_instant(said["said_on"]),
            reason=said["reason"],
            own_initiative=said.get("own_initiative", False),
            expires_on=said["expires_on"],
            **self.about_recipient(),
        )

    def _signature(self) -> dict[str, Any] | None:
        said = self.cleaned_data
        if said["method"] == Method.DRAWN:
            return {"strokes": said["strokes"]}
        return {"typed": said["typed"].strip()} if said["method"] == Method.TYPED else None


class Withdrawing(forms.Form):
    """Who withdraws; nothing else must be said, for it must be as easy as giving."""

    giver = forms.ChoiceField(label=_("Who withdraws"))
    method = forms.ChoiceField(
        label=_("How"), required=False, choices=IN_WRITING, initial=Method.TICK
    )
    typed = forms.CharField(label=_("Name as signature"), max_length=120, required=False)
    letter = forms.CharField(
        label=_("Which letter"),
        max_length=300,
        required=False,
        help_text=_("Its day, when it came in, and where it is kept."),
    )
    proof = forms.CharField(
        label=_("Proof of the authority"),
        max_length=500,
        required=False,
        help_text=_("Only of a representative or a relative."),
    )
    giver_name = forms.CharField(
        label=_("Name of the representative"), max_length=120, required=False
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, help_text=_("Nobody has to give one.")
    )

    def __init__(self, *args: Any, givers: Sequence[Giver], **options: Any) -> None:
        super().__init__(*args, **options)
        self.givers = {one.key: one for one in givers}
        choices = [(one.key, _named(one)) for one in givers]
        self.fields["giver"] = forms.ChoiceField(label=_("Who withdraws"), choices=choices)

    def act(self) -> Act:
        """Return what was said, as the deed takes it."""
        said = self.cleaned_data
        giver = self.givers[said["giver"]]
        named = {Method.TYPED: "typed", Method.PAPER: "letter"}.get(said["method"])
        return Act(
            method=said["method"] or Method.TICK, capacity=giver.capacity, relation_id=giver.relation_id,
            giver=said["giver_name"], proof=said["proof"], reason=said["reason"],
            signature={named: said[named].strip()} if named else None,
        )  # fmt: skip


class Paper(Named):
    """A signed form and its scan."""

    code = forms.CharField(
        label=_("Code on the form"),
        max_length=60,
        help_text=_("Type it, or read it with a scanner."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    answer = forms.ChoiceField(
        label=_("What is ticked on it"),
        widget=forms.RadioSelect,
        choices=[("granted", _("I agree")), ("declined", _("I do not agree"))],
    )
    giver = forms.ChoiceField(label=_("Who signed"))
    giver_name = forms.CharField(
        label=_("Name of the representative"), max_length=120, required=False
    )
    proof = forms.CharField(label=_("Proof of the authority"), max_length=500, required=False)
    signed_on = forms.DateField(
        label=_("Signed on"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    reason = forms.CharField(label=_("Why it is entered later"), max_length=500, required=False)
    file = forms.FileField(
        label=_("Scan"),
        help_text=_("PDF, JPEG or PNG. It goes into the record as a signed form."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
        max_length=None,
    )

    def __init__(self, *args: Any, givers: Sequence[Giver], **options: Any) -> None:
        super().__init__(*args, **options)
        self.givers = {one.key: one for one in givers}
        choices = [(one.key, _named(one)) for one in givers]
        self.fields["giver"] = forms.ChoiceField(label=_("Who signed"), choices=choices)
        chosen: Any = self.fields["categories"]
        chosen.choices = channels.data()

    def act(self) -> Act:
        """Return what was said, as the deed takes it."""
        said = self.cleaned_data
        giver = self.givers[said["giver"]]
        return Act(
            method=Method.PAPER, capacity=giver.capacity, relation_id=giver.relation_id,
            giver=said["giver_name"], proof=said["proof"], reason=said["reason"],
            **self.about_recipient(),
        )  # fmt: skip


def _named(giver: Giver) -> str:
    label = str(Capacity(giver.capacity).label)
    if giver.name:
        return f"{giver.name} – {label}"
    is_other = giver.capacity == Capacity.REPRESENTATIVE
    return str(_("Another representative, with proof")) if is_other else label


def _colleague(pk: str) -> User | None:
    return User.objects.filter(pk=UUID(pk)).first() if pk else None


def _instant(day: date | None) -> datetime | None:
    """Return the instant that stands for a day before today; None for today, which is now."""
    if day is None or day == timezone.localdate():
        return None
    return timezone.make_aware(datetime.combine(day, NOON))
