"""What a segment says, in words that a person agrees to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from engagement import criteria
from engagement.criteria import Tree
from engagement.models import Appointment, Segment, Service
from patients.models import Patient
from security.models import Unit, User
from security.people import called

Leaf = Mapping[str, Any]
SEXES = dict(Patient.Sex.choices)
STATES = dict(Appointment.State.choices)


class Names:
    """What the ids of segments are called, fetched at once for all of them."""

    def __init__(self, trees: Iterable[Tree]) -> None:
        """Fetch the names that some trees use; three queries at most."""
        leaves = [leaf for tree in trees for leaf in criteria.leaves(tree)]
        services = {one for leaf in leaves for one in leaf.get("services", ())}
        units = {one for leaf in leaves if leaf["facet"] == "unit" for one in leaf["in"]}
        people = {one for leaf in leaves if leaf["facet"] == "clinician" for one in leaf["in"]}
        self.known: dict[str, str] = {}
        for row in Service.objects.filter(pk__in=services) if services else ():
            self.known[str(row.pk)] = row.label
        for unit in Unit.objects.filter(pk__in=units) if units else ():
            self.known[str(unit.pk)] = unit_label(unit)
        for user in User.objects.filter(pk__in=people) if people else ():
            self.known[str(user.pk)] = called(user)

    def of(self, ids: Iterable[str]) -> str:
        """Return names in a row; what is gone is a question mark."""
        return ", ".join(self.known.get(one, "?") for one in ids)


def unit_label(unit: Unit) -> str:
    """Return a unit's name in the reader's language."""
    is_chinese = (get_language() or "").startswith("zh")
    return (is_chinese and unit.name_zh) or unit.name


def described(row: Segment, names: Names | None = None) -> list[str]:
    """Return each criterion of a segment as one line; nothing narrowed down is everybody."""
    tree = row.criteria
    names = names or Names([tree])
    found = [SENTENCES[leaf["facet"]](leaf, names) for leaf in criteria.leaves(tree)]
    return found or [_("Everybody with a record here")]


def joined_by(row: Segment) -> str:
    """Return how the criteria of a segment belong together."""
    return _("one of these") if "any" in row.criteria else _("all of these")


def _age(leaf: Leaf, names: Names) -> str:
    first, last = leaf.get("from", 0), leaf.get("to")
    if last is None:
        return _("%(from)d years or older") % {"from": first}
    return _("From %(from)d to %(to)d years old") % {"from": first, "to": last}


def _sex(leaf: Leaf, names: Names) -> str:
    words = ", ".join(str(SEXES[one]) for one in leaf["in"])
    return _("Sex: %(words)s") % {"words": words}


def _language(leaf: Leaf, names: Names) -> str:
    known = {"en": _("English"), "zh": _("Chinese")}
    return _("Language: %(words)s") % {"words": ", ".join(known[one] for one in leaf["in"])}


def _city(leaf: Leaf, names: Names) -> str:
    return _("Town begins with: %(words)s") % {"words": ", ".join(leaf["starts"])}


def _postcode(leaf: Leaf, names: Names) -> str:
    return _("Postcode begins with: %(words)s") % {"words": ", ".join(leaf["starts"])}


def _visited(leaf: Leaf, names: Names) -> str:
    found = []
    if "within" in leaf:
        found.append(_("Was here within %(days)d days") % {"days": leaf["within"]})
    if "not_within" in leaf:
        found.append(_("Was not here for %(days)d days") % {"days": leaf["not_within"]})
    return ", ".join(found)


def _registered(leaf: Leaf, names: Names) -> str:
    found = []
    if "within" in leaf:
        found.append(_("Registered within %(days)d days") % {"days": leaf["within"]})
    if "before" in leaf:
        found.append(_("Registered more than %(days)d days ago") % {"days": leaf["before"]})
    return ", ".join(found)


def _appointment(leaf: Leaf, names: Names) -> str:
    parts = [_("Has an appointment")]
    if "services" in leaf:
        parts.append(_("for %(words)s") % {"words": names.of(leaf["services"])})
    if "states" in leaf:
        parts.append(", ".join(str(STATES[one]) for one in leaf["states"]))
    if "past" in leaf:
        parts.append(_("within the last %(days)d days") % {"days": leaf["past"]})
    if "ahead" in leaf:
        parts.append(_("within the next %(days)d days") % {"days": leaf["ahead"]})
    return " · ".join(parts)


def _unit(leaf: Leaf, names: Names) -> str:
    return _("Care team: %(words)s") % {"words": names.of(leaf["in"])}


def _clinician(leaf: Leaf, names: Names) -> str:
    return _("Responsible: %(words)s") % {"words": names.of(leaf["in"])}


def _condition(leaf: Leaf, names: Names) -> str:
    return _("Clinical: name or code begins with %(words)s") % {"words": ", ".join(leaf["starts"])}


SENTENCES: Mapping[str, Callable[[Leaf, Names], str]] = {
    "age": _age,
    "sex": _sex,
    "language": _language,
    "city": _city,
    "postcode": _postcode,
    "visited": _visited,
    "registered": _registered,
    "appointment": _appointment,
    "unit": _unit,
    "clinician": _clinician,
    "condition": _condition,
}
