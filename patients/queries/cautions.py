"""What speaks against a medicine: allergies that are about it, by code or by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from patients.models import AllergyIntolerance, Code
from patients.queries import allergies, codes, entries, wording
from security.sealing import SealBroken, normalise

ATC = "http://www.whocc.no/atc"
# Words that name no substance.
EMPTY = {"allergy", "allergic", "intolerance", "acid", "agent", "inhibitor", "medicine", "medium"}
EMPTY_HAN = ("类药物过敏", "药物过敏", "过敏", "类药物")
LEAST = 4


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
            if allergies.counts(row) and _speaks(row, text, wanted):
                found.append(entries.named(row.code_text))
        except SealBroken:
            continue
    return list(dict.fromkeys(found))


def _codes(text: str, coding: Mapping[str, Any] | None) -> set[str]:
    """Return the ATC codes that a medicine may have: its own, or those of medicines called so."""
    if coding is not None and coding.get("system") == ATC:
        return {str(coding["code"])}
    names = [word for word in normalise.words(text) if len(word) >= LEAST and word.isalpha()]
    names += [run for run in normalise.han_runs(text) if len(run) > 1]
    called = Code.objects.filter(kind=Code.Kind.MEDICATION, words__overlap=names)
    return set(called.values_list("code", flat=True)) if names else set()


def _speaks(row: AllergyIntolerance, text: str, wanted: Collection[Any]) -> bool:
    codings = [part for one in wording.parts(row.code) for part in wording.parts(one.get("coding"))]
    if any(coding.get("code") in wanted for coding in codings if coding.get("system") == ATC):
        return True
    listed = codes.known(codings, Code.Kind.ALLERGY)
    about = tuple(start for code in listed for start in code.medicines.split())
    if about and any(code.startswith(about) for code in wanted):
        return True
    return _is_named(row.code_text or "", text)


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
