"""Blood pressure, vessels and the heart's own rhythm."""

from __future__ import annotations

from crm.demo.concepts import Concept, snomed
from crm.demo.courses.shapes import NIGHT, ONCE, TWICE, Course, Order, Plan
from crm.demo.vocabulary import deeds, medicines, problems

PRESSURE_PLAN = snomed(
    "Lifestyle education regarding hypertension", "高血压生活方式教育", "443402002"
)
SALT = snomed("Low salt diet education", "低盐饮食教育", "183063000")
HOME_PRESSURE = snomed("Home blood pressure monitoring", "家庭血压监测", "413153004")
HEART_PLAN = snomed("Heart failure self management plan", "心力衰竭自我管理计划", "735984001")
WEIGHING = snomed("Daily weight monitoring", "每日称重", "307818003")

COURSES = {
    "pressure": Course(
        problems.HYPERTENSION,
        since=(3, 14),
        visits=3,
        trends={"systolic": (156, 131), "diastolic": (96, 82)},
        seldom=("kidney", "lipids"),
        orders=(Order(medicines.AMLODIPINE), Order(medicines.LOSARTAN, begins=1)),
        deeds=(deeds.CARDIOGRAM,),
        plan=Plan(
            PRESSURE_PLAN,
            (SALT, HOME_PRESSURE),
            Concept("Blood pressure below 140/90 mmHg", "血压<140/90mmHg"),
        ),
    ),
    "pressure_mild": Course(
        problems.HYPERTENSION,
        since=(1, 5),
        visits=2,
        trends={"systolic": (147, 129), "diastolic": (92, 80)},
        seldom=("kidney",),
        orders=(Order(medicines.AMLODIPINE),),
        plan=Plan(PRESSURE_PLAN, (SALT, HOME_PRESSURE)),
    ),
    "coronary": Course(
        problems.CORONARY,
        since=(2, 7),
        visits=3,
        trends={"ldl": (2.7, 1.6), "systolic": (138, 127), "pulse": (76, 64)},
        seldom=("lipids", "liver"),
        orders=(
            Order(medicines.CLOPIDOGREL),
            Order(medicines.ATORVASTATIN, NIGHT, (2, "tablets", "片")),
            Order(medicines.BISOPROLOL, ONCE),
        ),
        deeds=(deeds.CARDIOGRAM, deeds.HEART_ECHO),
    ),
    "fibrillation": Course(
        problems.FIBRILLATION,
        since=(1, 6),
        visits=3,
        trends={"pulse": (94, 74)},
        seldom=("kidney", "blood"),
        orders=(
            Order(medicines.APIXABAN, TWICE),
            Order(medicines.BISOPROLOL, ONCE, (2, "tablets", "片")),
        ),
        deeds=(deeds.CARDIOGRAM,),
    ),
    "failure": Course(
        problems.HEART_FAILURE,
        since=(1, 4),
        visits=4,
        trends={"probnp": (2150, 1240), "oxygen": (94, 96), "pulse": (86, 70)},
        often=("heart", "kidney"),
        orders=(
            Order(medicines.FUROSEMIDE),
            Order(medicines.SPIRONOLACTONE),
            Order(medicines.BISOPROLOL, ONCE),
        ),
        deeds=(deeds.HEART_ECHO, deeds.CARDIOGRAM),
        plan=Plan(
            HEART_PLAN,
            (WEIGHING, SALT),
            Concept("Weight gain below 2 kg in 3 days", "3天体重增加<2kg"),
        ),
    ),
    "failure_last": Course(
        problems.HEART_FAILURE,
        since=(4, 6),
        visits=4,
        trends={
            "probnp": (4200, 9800),
            "oxygen": (93, 88),
            "systolic": (118, 96),
            "pulse": (88, 104),
            "creatinine": (118, 167),
        },
        often=("heart", "kidney"),
        orders=(
            Order(medicines.FUROSEMIDE, TWICE, (2, "tablets", "片")),
            Order(medicines.SPIRONOLACTONE),
        ),
        deeds=(deeds.HEART_ECHO,),
        plan=Plan(HEART_PLAN, (WEIGHING,)),
    ),
}
