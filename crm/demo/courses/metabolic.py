"""Sugar, fats, thyroid, joints' crystals, liver: the metabolic clinic."""

from __future__ import annotations

from crm.demo.concepts import Concept, snomed
from crm.demo.courses.shapes import NEEDED, NIGHT, THRICE, TWICE, Course, Order, Plan
from crm.demo.vocabulary import deeds, medicines, problems

UNITS = (14, "U", "单位")
DIET = snomed("Diabetic diet", "糖尿病饮食", "160670007")
EXERCISE = snomed("Exercise therapy", "运动疗法", "229065009")
WEIGHT = snomed("Weight-reducing diet", "减重饮食", "170961007")
SELF_CARE = snomed("Diabetes self management plan", "糖尿病自我管理计划", "698360004")
LIFESTYLE = snomed("Lifestyle education", "生活方式教育", "313204009")

COURSES = {
    "diabetes_2": Course(
        problems.DIABETES_2,
        since=(3, 11),
        visits=4,
        trends={"hba1c": (8.4, 7.0), "glucose": (9.3, 7.2), "acr": (26, 19), "bmi": (27.1, 26.2)},
        often=("sugar",),
        seldom=("kidney", "albumin", "lipids"),
        orders=(
            Order(medicines.METFORMIN, TWICE, (1, "tablet", "片")),
            Order(medicines.EMPAGLIFLOZIN, begins=1),
        ),
        deeds=(deeds.EYE_SCREEN, deeds.FOOT_CHECK),
        plan=Plan(SELF_CARE, (DIET, EXERCISE), Concept("HbA1c below 7.0 %", "糖化血红蛋白<7.0%")),
    ),
    "diabetes_2_new": Course(
        problems.DIABETES_2,
        visits=4,
        started_days_ago=300,
        trends={"hba1c": (9.6, 6.8), "glucose": (11.2, 6.7), "bmi": (28.4, 26.5), "acr": (12, 9)},
        often=("sugar",),
        seldom=("kidney", "albumin", "lipids", "liver"),
        orders=(Order(medicines.METFORMIN, TWICE, (1, "tablet", "片")),),
        deeds=(deeds.EYE_SCREEN, deeds.FOOT_CHECK),
        plan=Plan(SELF_CARE, (DIET, EXERCISE), Concept("HbA1c below 6.5 %", "糖化血红蛋白<6.5%")),
    ),
    "diabetes_1": Course(
        problems.DIABETES_1,
        since=(3, 4),
        visits=4,
        trends={"hba1c": (8.1, 7.3), "glucose": (9.8, 7.9)},
        often=("sugar",),
        seldom=("thyroid", "albumin"),
        orders=(
            Order(medicines.GLARGINE, NIGHT, UNITS),
            Order(medicines.ASPART, THRICE, (5, "U", "单位")),
        ),
        plan=Plan(SELF_CARE, (DIET,), Concept("HbA1c below 7.0 %", "糖化血红蛋白<7.0%")),
    ),
    "prediabetes": Course(
        problems.PREDIABETES,
        since=(1, 2),
        trends={"hba1c": (6.3, 6.0), "glucose": (6.6, 6.2), "bmi": (28.0, 26.9)},
        often=("sugar",),
        seldom=("lipids",),
        plan=Plan(LIFESTYLE, (WEIGHT, EXERCISE), Concept("Weight loss of 5 %", "体重下降5%")),
    ),
    "obesity": Course(
        problems.OBESITY, since=(4, 10), trends={"bmi": (31.8, 30.1)}, seldom=("sugar", "liver")
    ),
    "lipids": Course(
        problems.LIPIDS,
        since=(2, 8),
        trends={"ldl": (4.3, 2.4), "triglycerides": (2.4, 1.7), "hdl": (1.1, 1.2)},
        seldom=("lipids", "liver"),
        orders=(Order(medicines.ATORVASTATIN, NIGHT),),
    ),
    "gout": Course(
        problems.GOUT,
        since=(2, 7),
        trends={"urate": (548, 352), "pain": (5, 0)},
        surveys=("pain",),
        often=("urate",),
        seldom=("kidney",),
        orders=(
            Order(medicines.FEBUXOSTAT),
            Order(medicines.COLCHICINE, TWICE, begins=0, ends=1, days=30),
        ),
    ),
    "fatty_liver": Course(
        problems.FATTY_LIVER,
        since=(1, 5),
        trends={"alt": (71, 42), "ast": (48, 33), "triglycerides": (2.6, 1.9), "bmi": (28.9, 27.4)},
        often=("liver",),
        seldom=("lipids",),
        deeds=(deeds.LIVER_SCAN,),
    ),
    "hepatitis_b": Course(
        problems.HEPATITIS_B,
        since=(9, 18),
        trends={"alt": (54, 29), "ast": (43, 26), "hbv": (310, 10)},
        often=("liver", "hbv"),
        orders=(Order(medicines.ENTECAVIR, NIGHT),),
        deeds=(deeds.LIVER_SCAN,),
    ),
    "thyroid": Course(
        problems.HYPOTHYROIDISM,
        since=(2, 9),
        trends={"tsh": (7.9, 2.6), "ft4": (11.2, 15.8)},
        often=("thyroid",),
        orders=(Order(medicines.LEVOTHYROXINE),),
    ),
    "iron": Course(
        problems.IRON_LACK,
        since=(0, 1),
        visits=3,
        started_days_ago=340,
        trends={"haemoglobin": (94, 126), "ferritin": (6, 42)},
        often=("blood", "iron"),
        orders=(Order(medicines.FERROUS, TWICE, ends=2),),
    ),
    "kidney": Course(
        problems.KIDNEY_3,
        since=(2, 5),
        visits=3,
        trends={"creatinine": (134, 139), "potassium": (4.6, 4.9), "acr": (180, 140)},
        often=("kidney", "albumin"),
        seldom=("blood",),
    ),
    "stomach": Course(
        problems.GASTRITIS,
        since=(1, 6),
        trends={"pain": (4, 1)},
        surveys=("pain",),
        seldom=("blood",),
        orders=(Order(medicines.OMEPRAZOLE, dose=(1, "capsule", "粒"), ends=1, days=56),),
        deeds=(deeds.GASTROSCOPY,),
    ),
    "reflux": Course(
        problems.REFLUX,
        since=(1, 4),
        trends={"pain": (3, 1)},
        surveys=("pain",),
        orders=(Order(medicines.OMEPRAZOLE, NEEDED, (1, "capsule", "粒")),),
    ),
}
