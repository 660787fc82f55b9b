"""The rows of a list of patients that somebody takes out of the house."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from patients.models import Patient
from patients.names import display
from patients.queries import people
from security import context
from security.access.decision import decide_many
from security.access.permissions import Permission
from security.classification import Category
from security.models import User
from security.sealing import SealBroken

BATCH = 500


def rows(user: User, parameters: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yield the patients whose names this person reads in the clear, latest activity first.

    Confidential charts that ask for a fresh factor or an emergency stay out: a list is no reason for one.
    """
    purpose = context.current().purpose
    found = Patient.objects.visible_to(user, Category.DEMOGRAPHICS)
    since = parameters.get("since")
    if since:
        found = found.filter(last_activity_at__date__gte=since)
    every = iter(found.order_by("-last_activity_at", "-pk").iterator(chunk_size=BATCH))
    while batch := list(islice(every, BATCH)):
        ids = [patient.pk for patient in batch]
        made = decide_many(user, Permission.DEMOGRAPHICS_READ, ids, purpose)
        yield from (_row(patient) for patient in batch if made[patient.pk].allowed)
        context.current().forget_decisions()


def _row(patient: Patient) -> Sequence[Any]:
    try:
        return (
            patient.record_number,
            display(patient.names),
            patient.birth_on,
            people.SEXES.get(patient.sex or "", ""),
            _phone(patient.telecoms),
            patient.last_activity_at,
        )
    except SealBroken:
        return ("", f"({patient.pk})", "", "", "", patient.last_activity_at)


def _phone(telecoms: Any) -> str:
    phones = (one.get("value") for one in telecoms or () if one.get("system") == "phone")
    return str(next(phones, None) or "")
