"""The builder of segments: facets that people fill in, and the tree that they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from engagement import criteria
from engagement.lanes import CHANNELS, CHOICES
from engagement.models import Appointment, Segment, Service
from engagement.queries.segment_words import unit_label
from engagement.services import segments
from patients.models import Patient
from security.models import RoleAssignment, Unit, User
from security.people import called

_TICKS = forms.CheckboxSelectMultiple
MATCH = {"all": _("All of these hold"), "any": _("One of these holds")}
CLINICIANS = ("physician", "nurse")


def _number(label: Any, most: int = criteria.MOST_DAYS) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=most)


def _words(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=400, help_text=help_text)


class Describe(forms.Form):
    """Who belongs to a segment; what is left empty narrows nothing."""

    version = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Everybody here reads it: name no patient.")
    )
    match = forms.ChoiceField(label=_("Together"), choices=list(MATCH.items()), initial="all")
    age_from = _number(_("Age from"), criteria.OLDEST)
    age_to = _number(_("Age to"), criteria.OLDEST)
    sex = forms.MultipleChoiceField(
        label=_("Sex"), required=False, choices=Patient.Sex.choices, widget=_TICKS
    )
    language = forms.MultipleChoiceField(
        label=_("Language"),
        required=False,
        choices=[("en", _("English")), ("zh", _("Chinese"))],
        widget=_TICKS,
    )
    city = _words(_("Town begins with"), _("Several with commas between them."))
    postcode = _words(_("Postcode begins with"), _("Several with commas between them."))
    visited_within = _number(_("Was here within so many days"))
    visited_not_within = _number(_("Was not here for so many days"))
    registered_within = _number(_("Registered within so many days"))
    registered_before = _number(_("Registered more than so many days ago"))
    appointment_services = forms.MultipleChoiceField(
        label=_("Appointment for"), required=False, widget=_TICKS
    )
    appointment_states = forms.MultipleChoiceField(
        label=_("Appointment is"),
        required=False,
        choices=Appointment.State.choices,
        widget=_TICKS,
    )
    appointment_past = _number(_("Appointment within the last days"))
    appointment_ahead = _number(_("Appointment within the next days"))
    unit = forms.MultipleChoiceField(label=_("Care team"), required=False, widget=_TICKS)
    clinician = forms.MultipleChoiceField(label=_("Responsible"), required=False, widget=_TICKS)
    condition = _words(
        _("Clinical: name or code begins with"),
        _(
            "Looks at the record of those alone who allowed the purpose below, and needs a second person."
        ),
    )
    authorisation = forms.ChoiceField(label=_("Allowed by"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._choose("appointment_services", _offered())
        self._choose("unit", _teams())
        self._choose("clinician", _clinicians())
        purposes = [(one.key, one.label) for one in segments.authorising()]
        self._choose("authorisation", [("", "–"), *purposes])

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        field.choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse what no tree can say."""
        said = super().clean() or {}
        if not self.errors:
            try:
                criteria.check(self.tree())
            except criteria.Unreadable:
                raise ValidationError(_("This is too much for one segment.")) from None
        if said.get("condition") and not said.get("authorisation"):
            self.add_error("authorisation", _("Name what people must have allowed."))
        return said

    def tree(self) -> dict[str, Any]:
        """Return what was filled in as a tree."""
        said = self.cleaned_data
        leaves = [
            _leaf("age", {"from": said.get("age_from"), "to": said.get("age_to")}),
            _leaf("sex", {"in": said.get("sex")}),
            _leaf("language", {"in": said.get("language")}),
            _leaf("city", {"starts": _listed(said.get("city"))}),
            _leaf("postcode", {"starts": _listed(said.get("postcode"))}),
            *(
                _leaf(facet, {name: said.get(f"{facet}_{name}") for name in names})
                for facet, names in GROUPED.items()
            ),
            _leaf("unit", {"in": said.get("unit")}),
            _leaf("clinician", {"in": said.get("clinician")}),
            _leaf("condition", {"starts": _listed(said.get("condition"))}),
        ]
        return {said.get("match") or "all": [one for one in leaves if one is not None]}


GROUPED = {
    "visited": ("within", "not_within"),
    "registered": ("within", "before"),
    "appointment": ("services", "states", "past", "ahead"),
}


def _leaf(facet: str, said: Mapping[str, Any]) -> dict[str, Any] | None:
    found = {name: value for name, value in said.items() if value not in (None, "", [])}
    return {"facet": facet, **found} if found else None


def _listed(text: str | None) -> list[str]:
    parts = (text or "").replace("，", ",").replace("、", ",").split(",")
    return [one.strip()[: criteria.LONGEST] for one in parts if one.strip()]


def _offered() -> list[tuple[str, Any]]:
    return [(str(one.pk), one.label) for one in Service.objects.active().order_by("name")]


def _teams() -> list[tuple[str, Any]]:
    rows = Unit.objects.filter(kind=Unit.Kind.TEAM, is_active=True).order_by("name")
    return [(str(one.pk), unit_label(one)) for one in rows]


def _clinicians() -> list[tuple[str, Any]]:
    held = RoleAssignment.objects.filter(role__in=CLINICIANS).values("user_id")
    rows = User.objects.filter(pk__in=held, is_active=True)
    return sorted(((str(one.pk), called(one)) for one in rows), key=lambda one: one[1])


def initial_of(row: Segment) -> dict[str, Any]:
    """Return a segment as the builder shows it."""
    tree = row.criteria
    found: dict[str, Any] = {"name": row.name, "version": row.version}
    found["match"] = "any" if "any" in tree else "all"
    found["authorisation"] = row.authorisation.key if row.authorisation else ""
    for leaf in criteria.leaves(tree):
        facet = leaf["facet"]
        for name, value in leaf.items():
            if name in {"in", "starts"}:
                found[facet] = ", ".join(value) if name == "starts" else value
            elif name != "facet":
                found[f"{facet}_{name}"] = value
    return found


class Preview(forms.Form):
    """For which lane and way an audience is worked out."""

    lane = forms.ChoiceField(label=_("Lane"), choices=CHOICES)
    channel = forms.ChoiceField(label=_("Way"), choices=list(CHANNELS.items()))


class Agree(forms.Form):
    """What somebody read and agrees to."""

    sha256 = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
