"""A clinical idea with its codes and its wording in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
LOINC = "http://loinc.org"
ATC = "http://www.whocc.no/atc"
CVX = "http://hl7.org/fhir/sid/cvx"
UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True)
class Concept:
    """One idea: English, Chinese, and (system, code) pairs, the first being the preferred one."""

    en: str
    zh: str
    codings: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """Tell both wordings in one line, as a bilingual chart does."""
        return f"{self.en} · {self.zh}"

    @property
    def code(self) -> str:
        """Tell the preferred code, empty without one."""
        return self.codings[0][1] if self.codings else ""

    def codeable(self) -> dict[str, Any]:
        """Write the idea as a FHIR CodeableConcept."""
        coding = [
            {"system": system, "code": code, "display": self.en} for system, code in self.codings
        ]
        return {"coding": coding, "text": self.text} if coding else {"text": self.text}


def problem(en: str, zh: str, sct: str, icd: str) -> Concept:
    """Name a diagnosis."""
    return Concept(en, zh, ((SNOMED, sct), (ICD10, icd)))


def snomed(en: str, zh: str, code: str) -> Concept:
    """Name a deed, an allergen, a kind of visit."""
    return Concept(en, zh, ((SNOMED, code),))


def loinc(en: str, zh: str, code: str) -> Concept:
    """Name a measurement or a panel."""
    return Concept(en, zh, ((LOINC, code),))


def medicine(en: str, zh: str, atc: str) -> Concept:
    """Name a medicine with its strength."""
    return Concept(en, zh, ((ATC, atc),))


def vaccine(en: str, zh: str, cvx: str) -> Concept:
    """Name a vaccine."""
    return Concept(en, zh, ((CVX, cvx),))
