"""What an impact assessment asks (GDPR 35(7), PIPL 55-56), and what makes one necessary."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Key -> when an assessment is asked for by law.
TRIGGERS: Mapping[str, Promise] = {
    "sensitive": _("Sensitive data (PIPL 55(1)) or health data on a large scale (GDPR 35(3)(b))"),
    "automated": _("Automated decisions about people or profiling (PIPL 55(2), GDPR 35(3)(a))"),
    "disclosure": _(
        "Data are entrusted, shared with another controller or made public (PIPL 55(3))"
    ),
    "abroad": _("Data go abroad (PIPL 55(4))"),
    "monitoring": _("A public place is watched on a large scale (GDPR 35(3)(c))"),
    "technology": _("A new technology is used (GDPR 35(1))"),
    "children": _("Data of children"),
    "other": _("Another serious effect on people (PIPL 55(5))"),
}

# Key -> (heading, question); every one is answered before the sign-off.
QUESTIONS: Mapping[str, tuple[Promise, Promise]] = {
    "description": (
        _("What is done"),
        _("Which data of whom are used, how, by whom, with which systems, and for how long?"),
    ),
    "legality": (
        _("Lawful, legitimate, necessary"),
        _("Are purpose and way of processing lawful and legitimate, and on which ground?"),
    ),
    "necessity": (
        _("Necessity and proportion"),
        _("Could the purpose be reached with fewer data, less precise ones, or a shorter time?"),
    ),
    "impact": (
        _("Effect on people"),
        _("What does it mean for the people, their rights and their security?"),
    ),
    "rights": (
        _("Rights"),
        _("How are people told, how do they agree, object, see, correct and have data erased?"),
    ),
    "safeguards": (
        _("Measures"),
        _("Are the measures lawful, effective and in proportion to the risk?"),
    ),
    "consulted": (
        _("Who was asked"),
        _("What do the data protection officer and the people concerned say of it?"),
    ),
}

GRADE_WORDS: Mapping[int, tuple[Promise, Promise]] = {
    1: (_("1 · rare"), _("1 · hardly felt")),
    2: (_("2 · unlikely"), _("2 · annoying")),
    3: (_("3 · possible"), _("3 · noticeable")),
    4: (_("4 · likely"), _("4 · grave")),
    5: (_("5 · almost certain"), _("5 · very grave")),
}
# From this product on a risk that is left is high: the authority is asked first (GDPR 36).
HIGH, MIDDLE = 15, 8
MOST_RISKS = 30
# PIPL 56: the report and the record are kept for three years at least.
KEPT_YEARS = 3
# A review is never further away than this.
LONGEST_REVIEW_DAYS = 3 * 365
# The desk tells of a review so many days before.
REMINDED_DAYS = 30


def tone(product: int) -> str:
    """Return how a risk shows: good, warn or danger."""
    if product >= HIGH:
        return "danger"
    return "warn" if product >= MIDDLE else "good"
