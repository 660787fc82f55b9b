"""Mothers to be; the children's own year is written in childhood.py."""

from __future__ import annotations

from crm.demo.concepts import Concept, snomed
from crm.demo.courses.shapes import Course, Order, Plan
from crm.demo.vocabulary import deeds, medicines, problems

ANTENATAL_PLAN = snomed("Routine antenatal care", "常规产前保健", "134435003")
CLASSES = Concept("Antenatal classes", "孕妇学校课程")
SUGAR_DIARY = Concept("Blood glucose diary", "血糖日记")
FOLATE = Order(medicines.FOLIC_LOW, ends=2)

COURSES = {
    "pregnant_34": Course(
        problems.PREGNANCY,
        # In the 35th week; weeks are told from the last period.
        started_days_ago=7 * 34 + 2,
        days=(182, 154, 126, 98, 70, 42, 28, 14, 4),
        visit=deeds.ANTENATAL,
        trends={"bmi": (21.4, 25.6), "haemoglobin": (128, 114), "systolic": (112, 116)},
        seldom=("blood", "thyroid"),
        orders=(FOLATE,),
        deeds=(deeds.BABY_SCAN, deeds.BABY_HEART),
        plan=Plan(ANTENATAL_PLAN, (CLASSES,)),
    ),
    "pregnant_28": Course(
        problems.PREGNANCY,
        started_days_ago=7 * 28 + 1,
        days=(140, 112, 84, 56, 35, 21, 7),
        visit=deeds.ANTENATAL,
        trends={"bmi": (24.1, 27.0), "haemoglobin": (124, 112), "systolic": (114, 119)},
        seldom=("blood", "thyroid"),
        orders=(FOLATE,),
        deeds=(deeds.BABY_SCAN, deeds.BABY_HEART),
        plan=Plan(ANTENATAL_PLAN, (CLASSES,)),
    ),
    "gestational": Course(
        problems.GESTATIONAL,
        started_days_ago=21,
        days=(21, 7),
        visit=deeds.ANTENATAL,
        trends={"glucose": (5.6, 5.1), "ogtt": (9.4, 9.4)},
        surveys=("glucose",),
        once=("tolerance",),
        plan=Plan(ANTENATAL_PLAN, (SUGAR_DIARY,)),
    ),
}
