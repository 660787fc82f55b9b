"""Passing illnesses: the everyday of a clinic."""

from __future__ import annotations

from crm.demo.courses.shapes import NEEDED, ONCE, THRICE, TWICE, Order, Spell
from crm.demo.vocabulary import deeds, medicines, problems

FEVER = (37.8, 38.9)
SPOON = (5, "mL", "毫升")
SACHET = (1, "sachet", "袋")
LAYER = (1, "thin layer", "薄层")

ADULT_SPELLS = {
    "cold": Spell(
        problems.COLD,
        (Order(medicines.PARACETAMOL, NEEDED, days=5),),
        temperature=(37.2, 38.4),
        winter=True,
    ),
    "throat": Spell(
        problems.SORE_THROAT,
        (Order(medicines.PARACETAMOL, NEEDED, days=5),),
        temperature=FEVER,
        panels=("blood",),
        winter=True,
    ),
    "bronchitis": Spell(
        problems.BRONCHITIS,
        (Order(medicines.AMBROXOL, THRICE, days=7),),
        lasts=14,
        temperature=(37.0, 38.2),
        panels=("blood", "inflammation"),
        trends={"crp": (14, 14)},
        winter=True,
    ),
    "bronchitis_antibiotic": Spell(
        problems.BRONCHITIS,
        (
            Order(medicines.AZITHROMYCIN, ONCE, days=5),
            Order(medicines.AMBROXOL, THRICE, days=7),
        ),
        lasts=16,
        temperature=FEVER,
        panels=("blood", "inflammation"),
        trends={"crp": (46, 46), "leukocytes": (12.8, 12.8)},
        winter=True,
    ),
    "sinusitis": Spell(
        problems.SINUSITIS, (Order(medicines.NASAL_SPRAY, ONCE, (2, "sprays", "喷"), days=14),), 12
    ),
    "gut": Spell(
        problems.GUT, (Order(medicines.REHYDRATION, THRICE, SACHET, days=3),), 4, (36.8, 38.0)
    ),
    "cystitis": Spell(problems.CYSTITIS, (Order(medicines.FOSFOMYCIN, ONCE, SACHET, days=1),), 5),
    "ankle": Spell(
        problems.ANKLE,
        (Order(medicines.DICLOFENAC_GEL, THRICE, (1, "strip", "条"), days=10),),
        lasts=21,
        deeds=(deeds.BANDAGE,),
    ),
    "cut": Spell(
        problems.CUT,
        (Order(medicines.MUPIROCIN, TWICE, LAYER, days=7),),
        lasts=12,
        deeds=(deeds.SUTURE,),
    ),
}
CHILD_SPELLS = {
    "cold": Spell(
        problems.COLD,
        (Order(medicines.PARACETAMOL_SYRUP, NEEDED, SPOON, days=4),),
        temperature=FEVER,
        winter=True,
    ),
    "ear": Spell(
        problems.EAR,
        (
            Order(medicines.AMOXICILLIN, THRICE, SACHET, days=7),
            Order(medicines.PARACETAMOL_SYRUP, NEEDED, SPOON, days=4),
        ),
        lasts=9,
        temperature=FEVER,
    ),
    "gut": Spell(
        problems.GUT, (Order(medicines.REHYDRATION, THRICE, SACHET, days=3),), 4, (37.2, 38.4)
    ),
}
