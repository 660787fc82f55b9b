"""What other parts of the product say of themselves in an audit report: each registers a section.

A section is counted when the report is made and kept in it without words; labels and words are put to it
when somebody reads it, in either language. Modules called `report_sections` are found at start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.periods import Period

Fact = int | str | bool | None
LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Section:
    """One section: what it counts, how each fact is called, and words for facts that are keys.

    `collect` returns whole numbers, texts that name no person, or instants in ISO form, by key.
    """

    key: str
    title: Promise
    collect: Callable[[Period], Mapping[str, Fact]]
    labels: Mapping[str, Promise]
    words: Mapping[str, Promise] = field(default_factory=dict)
    # What stands there in a report that was made without this section.
    absent: Promise | str = ""


sections: dict[str, Section] = {}
# Who knows what the rules of monitoring are called, by their keys.
namers: list[Callable[[str], Promise | str | None]] = []

# What every report has to say something about, even if only that it can say nothing.
EXPECTED: dict[str, tuple[Promise, Promise]] = {
    LEDGER: (
        _("State of the ledger"),
        _(
            "No ledger was at work when this report was made, so it cannot say by itself whether the "
            "trail was altered afterwards. The digest of the report stands in the trail."
        ),
    ),
}  # fmt: skip


def register(section: Section) -> None:
    """Add a section; its key is unique."""
    if section.key in sections:
        raise ValueError(f"two sections are called {section.key}")
    sections[section.key] = section


def named(rule: str) -> str:
    """Return what a rule of monitoring is called, its key where nobody knows it."""
    for name in namers:
        found = name(rule)
        if found:
            return str(found)
    return rule


def collected(period: Period) -> dict[str, dict[str, Any]]:
    """Return what each section says of a period."""
    return {key: dict(section.collect(period)) for key, section in sorted(sections.items())}
