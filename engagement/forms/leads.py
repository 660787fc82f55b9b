"""Enquiries: the public form, what staff take down, and every step until somebody is a patient or deleted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from engagement.models import Lead
from engagement.queries.shown_notices import Agreed
from engagement.services.leads import LONGEST, Asked
from patients.forms.registration import Line, Phone, Registration
from security.services.throttle import Limit

SALT = "engagement.enquiry"
# So many enquiries of one address are free; then each takes longer.
ENQUIRIES = Limit("enquiry", 5, timedelta(minutes=10), timedelta(hours=6))
# A page that was open for longer shows the notice anew.
FRESH_SECONDS = 24 * 3600


def stamp(agreed: Agreed) -> str:
    """Return what the page of the form was: which notices it showed, and when; nobody else can make one."""
    body = {"n": [str(one) for one in agreed.notices], "l": agreed.language, "t": time.time()}
    return signing.dumps(body, salt=SALT, compress=True)


class Contact(forms.Form):
    """Who asks, and how to answer."""

    name = Line(label=_("Your name"), max_length=LONGEST["name"])
    phone = Phone(label=_("Phone"), required=False)
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=LONGEST["email"])
    service = forms.ChoiceField(label=_("What it is about"), required=False)
    message = forms.CharField(
        label=_("Your question"),
        required=False,
        max_length=LONGEST["message"],
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self, *args: Any, services: Sequence[tuple[str, str]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["service"]
        field.choices = [("", _("Something else")), *services]

    def clean(self) -> dict[str, Any]:
        """Ask for a way to answer."""
        said: dict[str, Any] = super().clean() or {}
        if not self.errors and not said.get("phone") and not said.get("email"):
            self.add_error("phone", _("Give a phone number or an e-mail address."))
        return said


class Enquiry(Contact):
    """The public form: nothing is ticked before the person ticks it, and a machine gives itself away."""

    agree = forms.BooleanField(
        label=_("I read the privacy notice and agree that you contact me about this enquiry."),
        error_messages={"required": _("Without this we may not keep what you write.")},
    )
    shown = forms.CharField(widget=forms.HiddenInput)
    # Nobody sees it; whatever fills it in is no person.
    website = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"})
    )

    def __init__(self, *args: Any, agreed: Agreed, **options: Any) -> None:
        super().__init__(*args, **options)
        self.agreed = agreed
        self.fields["shown"].initial = stamp(agreed)
        self.fields["message"].help_text = _(
            "Encrypted. Please write as little as possible about your health."
        )

    @property
    def is_machine(self) -> bool:
        """Tell whether something filled in what no person sees."""
        return bool(self.data.get("website"))

    def clean(self) -> dict[str, Any]:
        """Refuse what came faster than a person writes, and what was agreed to after another notice."""
        said = super().clean()
        page = self._page(said.get("shown") or "")
        if page is None or page["n"] != [str(one) for one in self.agreed.notices]:
            self.add_error(
                None, _("The privacy notice has changed. Please read it and send again.")
            )
            self._again()
        elif time.time() - page["t"] < settings.ENQUIRY_SECONDS:
            self.add_error(
                None, _("That was very quick. Please look at it once more and send again.")
            )
        return said

    def _page(self, text: str) -> dict[str, Any] | None:
        try:
            page: dict[str, Any] = signing.loads(text, salt=SALT, max_age=FRESH_SECONDS)
        except signing.BadSignature:
            return None
        return page

    def _again(self) -> None:
        """Let the page that is shown next be a fresh one."""
        sent = cast(QueryDict, self.data).copy()
        sent["shown"] = stamp(self.agreed)
        sent.pop("agree", None)
        self.data = sent

    def asked(self, language: str) -> Asked:
        """Return the enquiry."""
        return _asked(self.cleaned_data, Lead.Source.FORM, language, self.agreed)


class TakeDown(Contact):
    """An enquiry or a referral that a colleague writes down."""

    source = forms.ChoiceField(
        label=_("How it came in"),
        choices=[pair for pair in Lead.Source.choices if pair[0] != Lead.Source.FORM],
    )
    referrer = Line(
        label=_("Who referred or recommended"),
        required=False,
        max_length=LONGEST["referrer"],
        help_text=_("Doctor, clinic or person, for a referral."),
    )
    told = forms.BooleanField(
        label=_("I told the person of the privacy notice, and the person agrees to be contacted."),
        error_messages={"required": _("Without this nothing may be kept.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].label = _("Name")
        self.fields["message"].label = _("What the person asks")
        self.order_fields(["source", "referrer", "name", "phone", "email", "service", "message"])

    def clean(self) -> dict[str, Any]:
        """Ask who referred where somebody did."""
        said = super().clean()
        if said.get("source") == Lead.Source.REFERRAL and not said.get("referrer"):
            self.add_error("referrer", _("Say who referred the person."))
        return said

    def asked(self, language: str, agreed: Agreed) -> Asked:
        """Return the enquiry."""
        return _asked(self.cleaned_data, self.cleaned_data["source"], language, agreed)


def _asked(said: dict[str, Any], source: str, language: str, agreed: Agreed) -> Asked:
    service = said.get("service")
    return Asked(
        name=said["name"], source=source, phone=said["phone"], email=said["email"],
        message=said["message"], referrer=said.get("referrer", ""), language=language,
        service_id=UUID(service) if service else None, agreed=agreed,
    )  # fmt: skip


class Change(forms.Form):
    """What is known of somebody, what was said, and who keeps in touch."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = Line(label=_("Name"), max_length=LONGEST["name"])
    phone = Phone(label=_("Phone"), required=False)
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=LONGEST["email"])
    referrer = Line(
        label=_("Who referred or recommended"), required=False, max_length=LONGEST["referrer"]
    )
    owner = forms.ChoiceField(label=_("Who keeps in touch"), required=False)
    note = forms.CharField(
        label=_("What was said"),
        required=False,
        max_length=LONGEST["note"],
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, owners: Sequence[tuple[str, str]] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["owner"]
        field.choices = [("", _("Nobody yet")), *owners]


class Move(forms.Form):
    """Where an enquiry stands now."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    state = forms.ChoiceField(
        label=_("Stands at"),
        choices=[pair for pair in Lead.State.choices if pair[0] in Lead.OPEN],
    )


class Lose(forms.Form):
    """Why somebody will not come."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    why = forms.ChoiceField(label=_("Why"), choices=Lead.Lost.choices)


class Join(forms.Form):
    """Whose record takes an enquiry over."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    patient = forms.UUIDField(widget=forms.HiddenInput)


class Delete(forms.Form):
    """That the person wants to be forgotten, or that nobody needs the enquiry."""

    why = forms.ChoiceField(
        label=_("Why"),
        choices=[
            ("asked", _("The person asked for it")),
            ("withdrawn", _("The person withdrew the consent")),
            ("not_needed", _("Nobody needs it any more")),
        ],
    )
    sure = forms.BooleanField(
        label=_("Delete for good: the key is destroyed, nothing can bring it back.")
    )


class Convert(Registration):
    """Registering somebody who asked before; what the enquiry knows is filled in."""

    version = forms.IntegerField(widget=forms.HiddenInput)


def known_of(row: Lead) -> dict[str, Any]:
    """Return what an enquiry fills in of a registration."""
    name = " ".join((row.name or "").split())
    if " " in name and name.isascii():
        given, _space, family = name.rpartition(" ")
    elif name.isascii():
        family, given = name, ""
    else:
        # Family names of one character are the rule; who types it corrects the exception.
        family, given = name[:1], name[1:]
    return {
        "version": row.version, "family": family, "given": given, "phone": row.phone or "",
        "email": row.email or "", "language": "zh-CN" if row.language.startswith("zh") else row.language,
    }  # fmt: skip
