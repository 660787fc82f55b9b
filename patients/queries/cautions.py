"""Which allergies speak against which medicines, by code or by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from patients.models import AllergyIntolerance, Code, MedicationRequest
from patients.queries import allergies, codes, entries, pages, wording
from security.sealing import SealBroken, normalise

ATC = "http://www.whocc.no/atc"
# Words that name no substance.
EMPTY = {"allergy", "allergic", "intolerance", "acid", "agent", "inhibitor", "medicine", "medium"}
EMPTY_HAN = ("类药物过敏", "药物过敏", "过敏", "类药物")
LEAST = 4
TAKEN = {"active", "on-hold", "draft"}
# As many orders as a summary looks through.
MOST_ORDERS = 200


def of(
    patient_id: UUID, *, text: str, coding: Mapping[str, Any] | None, sees_restricted: bool
) -> list[str]:
    """Return the allergies that speak against a medicine, by what they are called."""
    wanted = _codes(text, coding)
    found: list[str] = []
    for row in AllergyIntolerance.objects.filter(patient_id=patient_id)[: allergies.MOST]:
        if entries.is_locked(row, sees_restricted):
            continue
        try:
            entries.uncover(row, sees_restricted=sees_restricted)
            if allergies.counts(row) and _speaks(row.code, row.code_text or "", text, wanted):
                found.append(entries.named(row.code_text))
        except SealBroken:
            continue
    return list(dict.fromkeys(found))


def ordered(
    patient_id: UUID, *, text: str, coding: Mapping[str, Any] | None, sees_restricted: bool
) -> list[str]:
    """Return the medicines that a patient has and an allergy speaks against, by what they are called."""
    taken = list(_taken(patient_id, sees_restricted))
    called = _called({name for text, _coding in taken for name in _names(text)})
    allergy = {"coding": [coding]} if coding is not None else {}
    found = [
        medicine
        for medicine, known in taken
        if _speaks(allergy, text, medicine, _codes_of(medicine, known, called))
    ]
    return list(dict.fromkeys(found))


def _taken(patient_id: UUID, sees_restricted: bool) -> Iterator[tuple[str, list[Any]]]:
    """Yield what is ordered today: what it is called, and its codes."""
    rows = MedicationRequest.objects.filter(patient_id=patient_id)
    for row in pages.newest_first(rows, "occurred_at", None)[:MOST_ORDERS]:
        if entries.is_locked(row, sees_restricted):
            continue
        try:
            entries.uncover(row, sees_restricted=sees_restricted)
            if row.status in TAKEN:
                yield entries.named(row.code_text), _codings(row.medication)
        except SealBroken:
            continue


def _codes(text: str, coding: Mapping[str, Any] | None) -> set[str]:
    """Return the ATC codes that a medicine may have: its own, or those of medicines called so."""
    known = [] if coding is None else [coding]
    return _codes_of(text, known, _called(_names(text)))


def _codes_of(
    text: str, codings: Iterable[Mapping[str, Any]], called: Mapping[str, Collection[str]]
) -> set[str]:
    own = {str(one.get("code")) for one in codings if one.get("system") == ATC}
    return own or {code for name in _names(text) for code in called.get(name, ())}


def _names(text: str) -> set[str]:
    names = {word for word in normalise.words(text) if len(word) >= LEAST and word.isalpha()}
    return names | {run for run in normalise.han_runs(text) if len(run) > 1}


def _called(names: Collection[str]) -> Mapping[str, set[str]]:
    """Return the ATC codes of medicines by the words that they are called by, with one query."""
    found: dict[str, set[str]] = {name: set() for name in names}
    listed = Code.objects.filter(kind=Code.Kind.MEDICATION, words__overlap=list(names))
    for code, words in listed.values_list("code", "words") if names else ():
        for name in found.keys() & set(words):
            found[name].add(code)
    return found


def _codings(concept: Any) -> list[Any]:
    return [part for one in wording.parts(concept) for part in wording.parts(one.get("coding"))]


def _speaks(concept: Any, allergy: str, text: str, wanted: Collection[Any]) -> bool:
    codings = _codings(concept)
    if any(coding.get("code") in wanted for coding in codings if coding.get("system") == ATC):
        return True
    listed = codes.known(codings, Code.Kind.ALLERGY)
    about = tuple(start for code in listed for start in code.medicines.split())
    if about and any(code.startswith(about) for code in wanted):
        return True
    return _is_named(allergy, text)


def _is_named(allergy: str, medicine: str) -> bool:
    spoken = set(normalise.words(medicine))
    if spoken & {w for w in normalise.words(allergy) if len(w) >= LEAST} - EMPTY:
        return True
    for run in normalise.han_runs(allergy):
        for ending in EMPTY_HAN:
            run = run.removesuffix(ending)
        if len(run) > 1 and any(run in other for other in normalise.han_runs(medicine)):
            return True
    return False
