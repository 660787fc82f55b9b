"""Lists of patients for the home page."""

from __future__ import annotations

from typing import Any

from patients.models import Patient
from patients.queries import pages, people, waiting
from patients.queries.pages import Place
from security.classification import Category
from security.models import User

PAGE = 25
# Counting is dearer than listing: beyond this many nobody needs the exact number.
COUNTED = 1000
CARD_ROWS = 5


def recent(user: User, after: str = "") -> dict[str, Any]:
    """Return one page of the patients open to a person, latest activity first."""
    visible = Patient.objects.visible_to(user, Category.DEMOGRAPHICS)
    place = Place.read(after)
    found = list(pages.latest_active(visible, place).only(*people.CARD)[: PAGE + 1])
    shown = people.rows(found[:PAGE], people.sights(user, [patient.pk for patient in found[:PAGE]]))
    total = None if place else visible.order_by()[: COUNTED + 1].count()
    return {
        "rows": shown,
        "total": total if total is not None and total <= COUNTED else None,
        "is_long": total is not None and total > COUNTED,
        "shown": None if place else len(shown),
        "next_url": pages.next_of_patients(found, PAGE) if shown else None,
    }


def unassigned_card(user: User) -> dict[str, Any]:
    """Return how many patients wait for a doctor, and the first of them."""
    return {
        "count": waiting.without_carer(user).order_by()[:COUNTED].count(),
        "rows": waiting.rows(user, waiting.first(user, CARD_ROWS)),
    }
