"""What a referral shows of a record: the parts that were ticked, and never what is specially protected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.queries import allergies, summary
from patients.queries.chart import Chart

SECTIONS: Mapping[str, Promise] = {
    "problems": _("Problems"),
    "allergies": _("Allergies"),
    "medications": _("Medicines"),
    "results": _("Latest results"),
}
MOST_LINES = 30


class Unprotected(Chart):
    """A chart as somebody without a clearance would read it, whoever reads."""

    @property
    def sees_restricted(self) -> bool:
        """Leave out what is specially protected: it is not referred."""
        return False


def of(chart: Chart, sections: Iterable[str]) -> list[dict[str, Any]]:
    """Return the chosen parts of a record as lines of text."""
    bare = Unprotected(chart.patient, chart.reader, chart.is_fresh)
    known = allergies.of(chart.patient.pk, sees_restricted=False).items
    parts = summary.of(bare, known)
    return [
        {"section": key, "lines": [text for one in parts[key] or () if (text := _line(one))]}
        for key in SECTIONS
        if key in set(sections)
    ]


def _line(entry: Mapping[str, Any]) -> str:
    if entry.get("restricted") or entry.get("broken"):
        return ""
    value = " ".join(str(entry[key]) for key in ("value", "unit") if entry.get(key))
    words = (entry["text"], value, entry.get("dosage"), entry.get("since") or entry.get("at"))
    return " · ".join(str(one) for one in words if one)


def shown(excerpt: Any) -> list[dict[str, Any]]:
    """Return an excerpt with the names of its parts in the reader's language."""
    return [
        {"title": SECTIONS[part["section"]], "lines": part["lines"][:MOST_LINES]}
        for part in excerpt or ()
        if part["section"] in SECTIONS
    ]
