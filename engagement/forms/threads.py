"""Forms of conversations: what is written, to whom it is given, what is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.queries import inboxes
from engagement.queries.response_times import HOURS, PERIODS
from engagement.services.attachments import Incoming
from engagement.services.thread_rows import MOST_LETTERS, MOST_SUBJECT
from engagement.services.threads import Words


class ManyFiles(forms.FileInput):
    """A field into which several files go."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; each is looked at by the deed."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Return the files that were chosen."""
        return [one for one in data or [] if one]


class Answer(forms.Form):
    """What is written to the other side."""

    text = forms.CharField(
        label=_("Answer"),
        max_length=MOST_LETTERS,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    attached = FilesField(
        label=_("Files"),
        required=False,
        help_text=_("PDF, JPEG, PNG or plain text, at most five."),
        widget=ManyFiles(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.txt", "multiple": True}),
    )
    # The last line that was on the page.
    after = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def words(self) -> Words:
        """Return what was written, as the deeds take it."""
        said = self.cleaned_data
        files = [Incoming(one.name, one.read()) for one in said["attached"]]
        return Words(said["text"], files)


class Opening(Answer):
    """A conversation that begins."""

    subject = forms.CharField(
        label=_("Subject"),
        max_length=MOST_SUBJECT,
        help_text=_("Patients see it. It is sealed as the messages are."),
    )
    unit = forms.TypedChoiceField(label=_("Inbox"), coerce=UUID)

    field_order = ("subject", "unit", "text", "attached", "after")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"].choices = inboxes.choices()  # type: ignore[attr-defined]  # a choice field
        self.fields["text"].label = _("Message")


class NoteForm(forms.Form):
    """A note among colleagues."""

    text = forms.CharField(
        label=_("Note"), max_length=MOST_LETTERS, widget=forms.Textarea(attrs={"rows": 3})
    )


class Assign(forms.Form):
    """To whom a conversation is given."""

    to = forms.TypedChoiceField(label=_("Colleague"), coerce=UUID, empty_value=None, required=False)

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].choices = [("", _("Nobody in particular")), *people]  # type: ignore[attr-defined]  # a choice field


class HandOver(forms.Form):
    """To whom a conversation is handed over, and why."""

    to = forms.TypedChoiceField(label=_("Colleague"), coerce=UUID, empty_value=None, required=False)
    unit = forms.TypedChoiceField(label=_("Inbox"), coerce=UUID, empty_value=None, required=False)
    why = forms.CharField(
        label=_("What is to be done"),
        max_length=1000,
        help_text=_("Colleagues see it; the patient does not."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].choices = [("", _("Nobody in particular")), *people]  # type: ignore[attr-defined]  # a choice field
        self.fields["unit"].choices = [("", _("This inbox")), *inboxes.choices()]  # type: ignore[attr-defined]  # a choice field


class Narrowed(forms.Form):
    """Which inbox is looked at."""

    unit = forms.TypedChoiceField(label=_("Inbox"), coerce=UUID, empty_value=None, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"].choices = [("", _("All inboxes")), *inboxes.choices()]  # type: ignore[attr-defined]  # a choice field


class Figures(forms.Form):
    """Over how many days answers are timed, and from when on somebody waits too long."""

    days = forms.TypedChoiceField(
        label=_("Asked within"), coerce=int, choices=[(one, _("%d days") % one) for one in PERIODS]
    )
    hours = forms.TypedChoiceField(
        label=_("Too long is more than"),
        coerce=int,
        choices=[(one, _("%d hours") % one) for one in HOURS],
    )


class ReadyAnswer(forms.Form):
    """The words of a ready answer, in both languages."""

    title = forms.CharField(label=_("English title"), max_length=80)
    title_zh = forms.CharField(label=_("Chinese title"), max_length=80)
    text = forms.CharField(
        label=_("English text"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    text_zh = forms.CharField(
        label=_("Chinese text"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class NewReadyAnswer(ReadyAnswer):
    """A ready answer that is added: also whose it is."""

    unit = forms.TypedChoiceField(label=_("Inbox"), coerce=UUID, empty_value=None, required=False)

    field_order = ("unit", "title", "title_zh", "text", "text_zh")

    def __init__(self, *args: Any, units: Sequence[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["unit"].choices = units  # type: ignore[attr-defined]  # a choice field
