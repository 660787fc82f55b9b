"""Who may be here already: the same number, phone, or name and birth date, whatever the script or order.

The blind index proposes with one query; the opened rows decide. Found are only patients open to the reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain, permutations
from typing import Any, Self
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.models import Patient, PatientIndex
from patients.names import identifier_texts, phone_numbers, search_texts
from patients.queries import people
from security import context, trail
from security.classification import Category
from security.models import User
from security.sealing import SealBroken, normalise
from security.sealing.index import exact_hash, query_grams, token

SHOWN = 8
# A name that so many bear is opened no further: the birth date of each must be compared.
OPENED = 400
MOST_SPELLINGS = 30


class Twin(StrEnum):
    """Why two records may be one person's, the strongest ground first."""

    IDENTIFIER = "identifier"
    PERSON = "person"
    PHONE = "phone"

    @property
    def label(self) -> Promise:
        """Return the ground in words."""
        return LABELS[self]


LABELS: dict[Twin, Promise] = {
    Twin.IDENTIFIER: _("same number on a document"),
    Twin.PERSON: _("same name and birth date"),
    Twin.PHONE: _("same phone"),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What is known of a person so far."""

    names: tuple[str, ...] = ()
    birth_on: date | None = None
    phones: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    # Not to be found as its own double.
    own_id: UUID | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any], own_id: UUID | None = None) -> Self:
        """Return the probe of stored fields, of a row or of a filled-in form."""
        numbers = [*identifier_texts(row.get("identifiers")), row.get("record_number") or ""]
        return cls(
            tuple(search_texts(row.get("names"))),
            row.get("birth_on"),
            tuple(phone_numbers(row.get("telecoms"))),
            tuple(number for number in numbers if number),
            own_id,
        )

    @classmethod
    def of_patient(cls, patient: Patient) -> Self:
        """Return the probe of a patient who is here."""
        names = ("identifiers", "record_number", "names", "birth_on", "telecoms")
        return cls.of({name: getattr(patient, name) for name in names}, patient.pk)

    def grams(self) -> list[set[tuple[str, str]]]:
        """Return the grams of each spelling of the name; nothing until the birth date is known."""
        if self.birth_on is None:
            return []
        found = [query_grams(text) for text in spellings(self.names)]
        return [grams for grams in found if grams]


@dataclass(frozen=True, slots=True)
class Found:
    """A patient who may be the same person, and why."""

    patient: Patient
    sight: people.Sight
    grounds: tuple[Twin, ...]


def spellings(names: Iterable[str]) -> list[str]:
    """Return names as they may be spelled: as written, and Han names in pinyin."""
    found: dict[str, None] = {}
    for name in names:
        found[name] = None
        for run in normalise.han_runs(name):
            for way in normalise.readings(run):
                found["".join(way)] = None
                # One or two characters are the family name.
                found |= {
                    f"{''.join(way[:length])} {''.join(way[length:])}": None
                    for length in (1, 2)
                    if len(way) > length
                }
    return [one for one in found if normalise.words(one) or normalise.han_runs(one)][
        :MOST_SPELLINGS
    ]


def find(user: User, probe: Probe) -> list[Found]:
    """Return who may be the same person among those open to the reader; how many is recorded."""
    asked = _asked(probe)
    if not asked:
        return []
    rows = PatientIndex.objects.filter(asked).values("row_id")
    visible = Patient.objects.visible_to(user, Category.DEMOGRAPHICS).filter(pk__in=rows)
    if probe.own_id is not None:
        visible = visible.exclude(pk=probe.own_id)
    patients = list(visible.order_by("-last_activity_at", "-pk")[:OPENED])
    seen = people.sights(user, [patient.pk for patient in patients])
    found: list[Found] = []
    with context.matching():
        for patient in patients:
            grounds = _grounds(patient, probe)
            if grounds and patient.pk in seen and seen[patient.pk].may_be_clear:
                found.append(Found(patient, seen[patient.pk], grounds))
    found = sorted(found, key=_strength)[:SHOWN]
    _record(found, probe)
    return found


def rows(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Return the patients found as rows of a list, each with the grounds."""
    return [
        people.row(one.patient, one.sight)
        | {"id": one.patient.pk, "grounds": [ground.label for ground in one.grounds]}
        for one in found
    ]


def _strength(found: Found) -> list[int]:
    order = list(Twin)
    return [order.index(ground) for ground in found.grounds]


def _asked(probe: Probe) -> Q:
    asked = Q()
    for kind, values in (("identifier", probe.identifiers), ("phone", probe.phones)):
        hashes = sorted({exact_hash(kind, value) for value in values})
        if hashes:
            asked |= Q(kind=kind, exact__in=hashes)
    for grams in probe.grams():
        asked |= Q(tokens__contains=sorted({token(kind, gram) for kind, gram in grams}))
    return asked


def _grounds(patient: Patient, probe: Probe) -> tuple[Twin, ...]:
    try:
        own = Probe.of_patient(patient)
        precision = patient.birth_precision
    except SealBroken:
        return ()
    checks = (
        (Twin.IDENTIFIER, _meet(normalise.identifier, own.identifiers, probe.identifiers)),
        (Twin.PERSON, _is_same_day(own.birth_on, precision, probe) and _is_named_alike(own, probe)),
        (Twin.PHONE, _meet(normalise.phone, own.phones, probe.phones)),
    )
    return tuple(ground for ground, holds in checks if holds)


def _meet(prepare: Any, one: Iterable[str], other: Iterable[str]) -> bool:
    return bool(set(map(prepare, one)) & set(map(prepare, other)))


def _is_same_day(own: date | None, precision: str | None, probe: Probe) -> bool:
    if own is None or probe.birth_on is None:
        return False
    if precision == "year":
        return own.year == probe.birth_on.year
    if precision == "month":
        return (own.year, own.month) == (probe.birth_on.year, probe.birth_on.month)
    return own == probe.birth_on


def _is_named_alike(own: Probe, probe: Probe) -> bool:
    return bool(_compact(own.names) & _compact(probe.names))


def _compact(names: Iterable[str]) -> set[str]:
    """Return each spelling of names without spaces, its words in every order of up to four."""
    found: set[str] = set()
    for text in chain(names, spellings(names)):
        found.add("".join(normalise.han_runs(text)))
        words = normalise.words(text)
        found |= (
            {"".join(order) for order in permutations(words)}
            if len(words) <= 4
            else {"".join(words)}
        )
    return found - {""}


def _record(found: list[Found], probe: Probe) -> None:
    kinds = sorted({ground for one in found for ground in one.grounds})
    with transaction.atomic():
        trail.record(
            "patients.duplicate.looked_for",
            subjects=[probe.own_id] if probe.own_id else [],
            fields=kinds,
            counts={"hits": len(found)},
        )
