"""What patients of the demo clinic cannot bear, and what then happens."""

from __future__ import annotations

from dataclasses import dataclass

from crm.demo.concepts import Concept, snomed


@dataclass(frozen=True)
class Allergen:
    """An allergy with its kind, how bad it can get, and the usual reaction."""

    concept: Concept
    kind: str
    criticality: str
    reaction: Concept
    severity: str
    atc: tuple[str, ...] = ()


HIVES = snomed("Urticaria", "荨麻疹", "126485001")
RASH = snomed("Eruption of skin", "皮疹", "271807003")
ANAPHYLAXIS = snomed("Anaphylaxis", "过敏性休克", "39579001")
SNEEZING = snomed("Sneezing", "打喷嚏", "76067001")
WHEEZING = snomed("Wheezing", "喘息", "56018004")
VOMITING = snomed("Vomiting", "呕吐", "422400008")
SWELLING = snomed("Angioedema", "血管性水肿", "41291007")

ALLERGENS = {
    "penicillin": Allergen(
        snomed("Allergy to penicillin", "青霉素过敏", "91936005"),
        "medication",
        "high",
        ANAPHYLAXIS,
        "severe",
        ("J01C",),
    ),
    "sulfonamide": Allergen(
        snomed("Allergy to sulfonamide", "磺胺类药物过敏", "91939003"),
        "medication",
        "high",
        RASH,
        "moderate",
        ("J01E",),
    ),
    "aspirin": Allergen(
        snomed("Allergy to aspirin", "阿司匹林过敏", "293586001"),
        "medication",
        "high",
        WHEEZING,
        "moderate",
        ("B01AC06", "N02BA", "M01A", "M02AA"),
    ),
    "peanut": Allergen(
        snomed("Allergy to peanut", "花生过敏", "91935009"), "food", "high", ANAPHYLAXIS, "severe"
    ),
    "shellfish": Allergen(
        snomed("Allergy to shellfish", "贝类过敏", "300913006"),
        "food",
        "high",
        SWELLING,
        "moderate",
    ),
    "egg": Allergen(snomed("Allergy to egg", "鸡蛋过敏", "91930004"), "food", "low", HIVES, "mild"),
    "milk": Allergen(
        snomed("Allergy to dairy foods", "乳制品过敏", "425525006"), "food", "low", VOMITING, "mild"
    ),
    "dust": Allergen(
        snomed("House dust mite allergy", "尘螨过敏", "232350006"),
        "environment",
        "low",
        SNEEZING,
        "mild",
    ),
    "grass": Allergen(
        snomed("Allergy to grass pollen", "草花粉过敏", "418689008"),
        "environment",
        "low",
        SNEEZING,
        "mild",
    ),
    "tree": Allergen(
        snomed("Allergy to tree pollen", "树花粉过敏", "419263009"),
        "environment",
        "low",
        SNEEZING,
        "mild",
    ),
    "cat": Allergen(
        snomed("Allergy to animal dander", "动物皮屑过敏", "232347008"),
        "environment",
        "low",
        WHEEZING,
        "moderate",
    ),
    "mould": Allergen(
        snomed("Allergy to mould", "霉菌过敏", "419474003"),
        "environment",
        "low",
        WHEEZING,
        "mild",
    ),
    "latex": Allergen(
        snomed("Allergy to latex", "乳胶过敏", "300916003"),
        "environment",
        "high",
        HIVES,
        "moderate",
    ),
    "nickel": Allergen(
        snomed("Allergy to nickel", "镍过敏", "419788000"), "environment", "low", RASH, "mild"
    ),
    "wasp": Allergen(
        snomed("Allergy to bee venom", "蜂毒过敏", "424213003"),
        "environment",
        "high",
        SWELLING,
        "severe",
    ),
}
