"""Forms of the administration: what an administrator says about an account, a role, a unit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from security.access.roles import ROLES
from security.masks import masked_name
from security.models import OneTimeLink, Unit, User
from security.sealing.errors import SealBroken


def person(user: User) -> str:
    """Return an account as lists of the administration show it: handle and masked name."""
    try:
        name = masked_name(user.display_name or "")
    except SealBroken:
        name = gettext("unavailable")
    return f"{user.handle} · {name}"


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of the staff whose accounts are in use."""

    def __init__(self, **options: Any) -> None:
        super().__init__(User.objects.staff().active().order_by("handle"), **options)

    def label_from_instance(self, obj: Any) -> str:
        """Return the masked person."""
        return person(obj)


class NewAccount(forms.Form):
    """A new member of staff, who is invited by e-mail: nobody else gets to see the way in."""

    display_name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("The invitation goes there, and nowhere else.")
    )
    phone = forms.CharField(label=_("Phone number"), max_length=40, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class FactorReset(forms.Form):
    """How an administrator made sure who lost the second factor."""

    checked = forms.ChoiceField(
        label=_("How was the person's identity checked?"),
        choices=[("", "---------"), *OneTimeLink.Checked.choices],
    )
    note = forms.CharField(
        label=_("What was seen or said"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("At least ten characters; kept sealed in the trail."),
    )


class LastDay(forms.Form):
    """The last day of work."""

    day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The account works until the end of this day. Leave empty for no end."),
    )


class NewRole(forms.Form):
    """A role for a person, with an end or without."""

    user = PersonField(label=_("Person"))
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(key, role.label) for key, role in ROLES.items() if key != "patient"],
    )
    ends_at = forms.DateTimeField(
        label=_("Until"),
        required=False,
        help_text=_("Date and time; leave empty for no end."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class NewClearance(forms.Form):
    """A clearance for a person, with its reason."""

    user = PersonField(label=_("Person"))
    reason = forms.CharField(label=_("Reason"), max_length=200)


class NewMembership(forms.Form):
    """A person's membership of a unit."""

    user = PersonField(label=_("Person"))
    unit = forms.ModelChoiceField(
        Unit.objects.filter(is_active=True).order_by("name"), label=_("Unit")
    )


class NewUnit(forms.Form):
    """A part of the organisation."""

    name = forms.CharField(label=_("Name"), max_length=120)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=120, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=Unit.Kind.choices)
    parent = forms.ModelChoiceField(
        Unit.objects.filter(is_active=True).order_by("name"), label=_("Part of"), required=False
    )

    def clean_name(self) -> str:
        """Refuse a name that another unit has."""
        name: str = self.cleaned_data["name"]
        if Unit.objects.filter(name=name).exists():
            raise forms.ValidationError(_("Another unit has this name."))
        return name
