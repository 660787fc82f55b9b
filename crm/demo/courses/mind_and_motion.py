"""Mind, nerves, bones, and the ails that ask for discretion."""

from __future__ import annotations

from crm.demo.concepts import Concept, snomed
from crm.demo.courses.shapes import NEEDED, NIGHT, ONCE, THRICE, WEEKLY, Course, Order, Plan
from crm.demo.vocabulary import deeds, medicines, problems

MOOD_PLAN = snomed("Mental health care plan", "心理健康照护计划", "718347000")
SLEEP = snomed("Sleep hygiene education", "睡眠卫生教育", "425058005")
MOVING = snomed("Physical therapy procedure", "物理治疗", "91251008")
MEMORY_PLAN = snomed("Dementia management", "痴呆管理", "386257007")
HEADACHE_DIARY = Concept("Headache diary", "头痛日记")
CAPSULE = (1, "capsule", "粒")

COURSES = {
    "migraine": Course(
        problems.MIGRAINE,
        since=(3, 12),
        visits=2,
        trends={"pain": (7, 3)},
        surveys=("pain",),
        orders=(Order(medicines.SUMATRIPTAN, NEEDED), Order(medicines.PROPRANOLOL, begins=1)),
        plan=Plan(Concept("Migraine care plan", "偏头痛照护计划"), (HEADACHE_DIARY, SLEEP)),
    ),
    "depression": Course(
        problems.DEPRESSION,
        since=(1, 4),
        visits=4,
        trends={"phq9": (17, 5)},
        surveys=("phq9",),
        orders=(Order(medicines.SERTRALINE),),
        deeds=(deeds.COUNSELLING, deeds.MOOD_SCREEN),
        plan=Plan(MOOD_PLAN, (deeds.COUNSELLING, SLEEP), Concept("PHQ-9 below 5", "PHQ-9总分<5")),
        restricted=True,
    ),
    "anxiety": Course(
        problems.ANXIETY,
        since=(1, 5),
        visits=3,
        trends={"gad7": (14, 6)},
        surveys=("gad7",),
        orders=(Order(medicines.ESCITALOPRAM),),
        deeds=(deeds.COUNSELLING,),
        plan=Plan(MOOD_PLAN, (deeds.COUNSELLING,)),
        restricted=True,
    ),
    "insomnia": Course(
        problems.INSOMNIA,
        since=(1, 3),
        visits=2,
        trends={"gad7": (7, 4)},
        surveys=("gad7",),
        plan=Plan(MOOD_PLAN, (SLEEP,)),
    ),
    "parkinson": Course(
        problems.PARKINSON,
        since=(3, 6),
        visits=3,
        orders=(Order(medicines.LEVODOPA, THRICE, (0.5, "tablet", "片")),),
        deeds=(deeds.PHYSIO, deeds.MEMORY_SCREEN),
        plan=Plan(Concept("Parkinson care plan", "帕金森病照护计划"), (MOVING,)),
    ),
    "memory": Course(
        problems.ALZHEIMER,
        since=(2, 4),
        visits=3,
        trends={"mmse": (21, 18)},
        surveys=("mmse",),
        orders=(Order(medicines.DONEPEZIL, NIGHT),),
        deeds=(deeds.MEMORY_SCREEN,),
        plan=Plan(MEMORY_PLAN, (Concept("Day care twice a week", "每周两次日间照料"),)),
    ),
    "knees": Course(
        problems.KNEES,
        since=(3, 9),
        visits=2,
        trends={"pain": (6, 4)},
        surveys=("pain",),
        orders=(Order(medicines.DICLOFENAC_GEL, NEEDED, (1, "strip", "条")),),
        deeds=(deeds.KNEE_XRAY, deeds.ACUPUNCTURE),
        plan=Plan(MOVING, (MOVING,)),
    ),
    "bones": Course(
        problems.OSTEOPOROSIS,
        since=(2, 6),
        visits=2,
        trends={"vitamin_d": (41, 78)},
        seldom=("bone",),
        orders=(Order(medicines.ALENDRONATE, WEEKLY), Order(medicines.CALCIUM)),
        deeds=(deeds.BONE_SCAN,),
    ),
    "rheumatoid": Course(
        problems.RHEUMATOID,
        since=(3, 8),
        visits=4,
        trends={"crp": (28, 6), "pain": (6, 2)},
        surveys=("pain",),
        often=("inflammation", "liver", "blood"),
        orders=(Order(medicines.METHOTREXATE, WEEKLY), Order(medicines.FOLIC_ACID, WEEKLY)),
    ),
    "back": Course(
        problems.BACK_PAIN,
        since=(1, 3),
        visits=2,
        trends={"pain": (6, 2)},
        surveys=("pain",),
        orders=(Order(medicines.PARACETAMOL, NEEDED, ends=1, days=20),),
        deeds=(deeds.PHYSIO, deeds.ACUPUNCTURE),
        plan=Plan(MOVING, (MOVING,)),
    ),
    "prostate": Course(
        problems.PROSTATE,
        since=(2, 8),
        visits=2,
        trends={"psa": (2.4, 2.6)},
        seldom=("prostate",),
        orders=(Order(medicines.TAMSULOSIN, NIGHT, CAPSULE),),
    ),
    "hiv": Course(
        problems.HIV,
        since=(2, 5),
        visits=3,
        trends={"cd4": (520, 690), "hiv_load": (10, 10)},
        often=("hiv",),
        seldom=("liver", "kidney"),
        orders=(Order(medicines.ANTIRETROVIRAL, ONCE),),
        restricted=True,
    ),
}
