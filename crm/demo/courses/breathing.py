"""Lungs, noses and skins."""

from __future__ import annotations

from crm.demo.concepts import Concept, snomed
from crm.demo.courses.shapes import NEEDED, ONCE, TWICE, Course, Order, Plan
from crm.demo.vocabulary import deeds, medicines, problems

PUFF, PUFFS = (1, "puff", "吸"), (2, "puffs", "吸")
LAYER = (1, "thin layer", "薄层")
ASTHMA_PLAN = snomed("Asthma self management", "哮喘自我管理", "699728000")
INHALER = snomed("Inhaler technique education", "吸入器使用教育", "699986006")
AVOIDING = snomed("Allergen avoidance education", "避免过敏原教育", "58332002")
LUNG_PLAN = snomed("Respiratory therapy", "呼吸治疗", "53950000")
NO_SMOKING = snomed("Smoking cessation education", "戒烟教育", "225323000")
SKIN_PLAN = snomed("Skin condition care", "皮肤护理", "711282006")

COURSES = {
    "asthma": Course(
        problems.ASTHMA,
        since=(4, 15),
        visits=3,
        trends={"peak_flow": (340, 430), "fev1": (68, 76)},
        surveys=("peak_flow",),
        seldom=("breathing",),
        orders=(
            Order(medicines.BUDESONIDE, TWICE, PUFF),
            Order(medicines.SALBUTAMOL, NEEDED, PUFFS),
        ),
        plan=Plan(ASTHMA_PLAN, (INHALER, AVOIDING), Concept("No night symptoms", "无夜间症状")),
    ),
    "asthma_child": Course(
        problems.ASTHMA,
        since=(1, 3),
        visits=4,
        trends={"peak_flow": (170, 225)},
        surveys=("peak_flow",),
        orders=(
            Order(medicines.FLUTICASONE, TWICE, PUFF),
            Order(medicines.SALBUTAMOL, NEEDED, PUFFS),
        ),
        plan=Plan(ASTHMA_PLAN, (INHALER, AVOIDING)),
    ),
    "copd": Course(
        problems.COPD,
        since=(4, 10),
        visits=3,
        trends={"oxygen": (92, 94), "fev1": (55, 56)},
        seldom=("breathing", "blood"),
        orders=(
            Order(medicines.TIOTROPIUM, ONCE, (1, "capsule", "粒")),
            Order(medicines.SALBUTAMOL, NEEDED, PUFFS),
        ),
        deeds=(deeds.SPIROMETRY,),
        plan=Plan(LUNG_PLAN, (NO_SMOKING, INHALER)),
    ),
    "rhinitis": Course(
        problems.RHINITIS,
        since=(3, 9),
        visits=1,
        orders=(
            Order(medicines.NASAL_SPRAY, ONCE, (2, "sprays", "喷")),
            Order(medicines.LORATADINE, NEEDED),
        ),
    ),
    "eczema": Course(
        problems.ECZEMA,
        since=(1, 2),
        visits=2,
        orders=(Order(medicines.HYDROCORTISONE, TWICE, LAYER, ends=1, days=14),),
        plan=Plan(SKIN_PLAN, (AVOIDING,)),
    ),
    "psoriasis": Course(
        problems.PSORIASIS,
        since=(5, 15),
        visits=2,
        seldom=("lipids", "liver"),
        orders=(Order(medicines.CALCIPOTRIOL, ONCE, LAYER),),
        plan=Plan(SKIN_PLAN, (AVOIDING,)),
    ),
}
