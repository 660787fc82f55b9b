"""Taking in a request, and the steps on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import working_days
from consent import answers
from consent.models import ProcessingPurpose, RightsLetter, RightsRequest
from consent.queries import calendar, officers
from consent.queries.languages import CHINESE, ENGLISH
from consent.queries.request_page import HOW
from consent.services.request_rows import MOST_LETTERS
from patients.forms.billing import day
from patients.forms.versioned import Versioned
from patients.services.documents import Incoming
from security.classification import Category
from security.models import User

Kind, Way, Capacity, State = (
    RightsRequest.Kind,
    RightsRequest.Way,
    RightsRequest.Capacity,
    RightsRequest.State,
)
LANGUAGES = [("", _("The person's own")), (ENGLISH, "English"), (CHINESE, "中文")]


def said(label: Any, *, rows: int = 3, **options: Any) -> forms.CharField:
    """Return a field for words of a person."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=MOST_LETTERS, widget=widget, **options)


SCAN = _("PDF, JPEG, PNG or plain text. It stays with the request and is no part of the record.")


def scan_field(*, required: bool) -> forms.FileField:
    """Return a field for a scan."""
    return forms.FileField(
        label=_("Scan"),
        help_text=SCAN,
        required=required,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.txt"}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
        max_length=None,
    )


def scanned(file: UploadedFile[Any], title: str) -> Incoming:
    """Return a scan that somebody sent as it is taken in."""
    return Incoming(
        filename=file.name or "",
        content=file.read(),
        title=title,
        kind="",
        occurred_at=timezone.now(),
    )


class Narrowed(forms.Form):
    """Which requests of the queue are shown."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Every kind")), *Kind.choices]
    )


class Receive(forms.Form):
    """What somebody asks, how and when it came in, and as whom."""

    kind = forms.ChoiceField(label=_("What is asked for"), choices=Kind.choices)
    way = forms.ChoiceField(
        label=_("How it came in"),
        choices=[one for one in Way.choices if one[0] != Way.PORTAL],
        initial=Way.STAFF,
    )
    received_on = day(
        _("Reached the clinic on"),
        help_text=_("The day on which it reached the clinic; the time runs from it."),
    )
    capacity = forms.ChoiceField(label=_("Who asks"), choices=Capacity.choices)
    asked = said(_("In which words"), rows=5, help_text=_("As it was said or written. Sealed."))
    asker = forms.CharField(
        label=_("Name of who asks"),
        required=False,
        max_length=200,
        help_text=_("Where it is not the person: name, and what the two are to each other."),
    )
    address = said(_("Where the answer goes"), rows=2, required=False)
    language = forms.ChoiceField(
        label=_("Language of the letters"), required=False, choices=LANGUAGES
    )
    file = scan_field(required=False)

    def clean(self) -> dict[str, Any]:
        """Want the name of who asks for somebody else."""
        given = super().clean() or {}
        if given.get("capacity") != Capacity.SELF and not given.get("asker", "").strip():
            self.add_error("asker", _("Say who asks."))
        return given

    def incoming(self) -> Incoming | None:
        """Return the scan of what came in, where there is one; the way it came in is its title."""
        file, way = self.cleaned_data["file"], Way(self.cleaned_data["way"])
        return scanned(file, str(way.label)) if file else None

    def received_at(self) -> datetime:
        """Return the instant of receipt: now for today, else noon, which every day has."""
        chosen: date = self.cleaned_data["received_on"]
        if chosen == calendar.today():
            return timezone.now()
        return datetime.combine(chosen, time(12), tzinfo=working_days.zone())


class OfColleague(Receive):
    """A request of a colleague about the own data."""

    colleague = forms.ChoiceField(label=_("Colleague"))
    field_order = ("colleague",)

    def __init__(self, *args: Any, people: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["colleague"]
        chosen.choices = people


class Officer(Versioned):
    """Who works on it."""

    officer = forms.ChoiceField(label=_("Officer"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["officer"]
        chosen.choices = officers.choices()

    def clean_officer(self) -> User:
        """Return the officer's account."""
        found: User = User.objects.get(pk=self.cleaned_data["officer"])
        return found


class Identity(Versioned):
    """How it was shown who asks."""

    how = forms.ChoiceField(
        label=_("How"), choices=[one for one in HOW.items() if one[0] != "portal"]
    )
    shown = forms.CharField(
        label=_("What was shown"),
        max_length=300,
        help_text=_("The kind of document and who saw it; no number of it. Sealed."),
    )


class Reasoned(Versioned):
    """A step that says why."""

    reason = said(_("Reason"))


class Close(Versioned):
    """How a request is answered."""

    state = forms.ChoiceField(
        label=_("Answer"),
        choices=[(one.value, one.label) for one in (State.GRANTED, State.PARTLY, State.REFUSED)],
        widget=forms.RadioSelect,
    )
    refusal = forms.ChoiceField(label=_("Ground of the refusal"), required=False)
    is_elsewhere = forms.BooleanField(
        label=_("It was done outside the system, and the letter says how"),
        required=False,
        help_text=_("Only where the system has nothing to show for it."),
    )
    words = said(
        _("What the letter says"), rows=4, help_text=_("In the language of the letter. Sealed.")
    )

    def __init__(self, *args: Any, row: RightsRequest, **options: Any) -> None:
        super().__init__(*args, **options)
        grounds = [
            (one.key, f"{one.label} ({answers.articles(one.key, row.laws)})")
            for one in answers.choices(row.kind, row.laws)
        ]
        chosen: Any = self.fields["refusal"]
        chosen.choices = [("", _("None: it is granted")), *grounds]


class Join(Versioned):
    """Which earlier request it repeats."""

    earlier = forms.UUIDField(widget=forms.HiddenInput)


class Charge(Versioned):
    """What is charged, and why."""

    terms = said(_("How much, and why"), rows=2)


class Suspend(Versioned):
    """What an authority asks."""

    statement = said(
        _("What the authority stated"),
        rows=2,
        help_text=_("Which authority, who, and what it says."),
    )
    is_written = forms.BooleanField(label=_("In writing"), required=False)
    until = day(_("Until"))
    disclosures = forms.MultipleChoiceField(
        label=_("Which disclosures to it are held back"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "What the law lets be held back: to supervision of health care, to the police."
        ),
    )

    def __init__(self, *args: Any, known: Sequence[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        if not known:
            del self.fields["disclosures"]
            return
        chosen: Any = self.fields["disclosures"]
        chosen.choices = known

    def clean_disclosures(self) -> list[UUID]:
        """Return the ids of what is held back."""
        return [UUID(one) for one in self.cleaned_data["disclosures"]]


class OpenCase(Versioned):
    """What the officer has to find out in the record."""

    question = said(_("What is to be found out"), rows=2)


class Restrict(Versioned):
    """For which purpose, and of which data, the use ends."""

    purpose = forms.ModelChoiceField(
        label=_("Purpose"),
        queryset=ProcessingPurpose.objects.none(),
        required=False,
        empty_label=_("Every purpose"),
    )
    categories = forms.MultipleChoiceField(
        label=_("Categories of data"),
        required=False,
        choices=[(one.value, one.label) for one in Category],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        chosen: Any = self.fields["purpose"]
        chosen.queryset = ProcessingPurpose.objects.active().order_by("key")
        chosen.label_from_instance = lambda one: one.label


class Scan(forms.Form):
    """A scan of what came in about a request."""

    title = forms.CharField(
        label=_("What it is"),
        max_length=200,
        help_text=_("Letter, power of attorney, answer of an authority. Sealed."),
    )
    file = scan_field(required=True)

    def incoming(self) -> Incoming:
        """Return the scan as it goes into the file of the request."""
        return scanned(self.cleaned_data["file"], self.cleaned_data["title"])


class Send(Versioned):
    """How a letter went out."""

    way = forms.ChoiceField(label=_("How"), choices=RightsLetter.Way.choices)
