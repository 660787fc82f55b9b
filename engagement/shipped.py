"""Templates of follow-up as they come with the product, in both languages.

A clinic changes them as it likes; the rules rest until somebody of the clinic lets them run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engagement.shipped_questions import Words


@dataclass(frozen=True, slots=True)
class Step:
    """One step: after so many days, in which area, who, what, asking which questions."""

    offset_days: int
    area: str
    duty: str
    assignee_rule: str
    title: Words
    questions: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """One template."""

    key: str
    name: Words
    sentence: Words
    trigger: str
    steps: tuple[Step, ...]
    criteria: Mapping[str, Any] = field(default_factory=dict)


TEMPLATES: tuple[Template, ...] = (
    Template(
        "new-patient",
        ("New patient", "新患者建档"),
        (
            "From the card to the first call: a doctor, a complete record, a welcome.",
            "从建卡到首次回访：分配医生、完善档案、欢迎致电。",
        ),
        "registered",
        (
            Step(0, "desk", "assign", "nobody", ("Assign a responsible doctor", "分配责任医生")),
            Step(
                3, "care", "record", "responsible", ("Complete the health record", "完善健康档案")
            ),
            Step(
                7,
                "care",
                "call",
                "responsible",
                ("First call: is everything clear?", "首次回访：是否还有疑问"),
            ),
        ),
    ),
    Template(
        "after-discharge",
        ("After discharge", "出院随访"),
        (
            "Calls after a stay or an emergency, and a visit within two weeks.",
            "住院或急诊后电话随访，两周内安排复诊。",
        ),
        "discharge",
        (
            Step(
                2,
                "care",
                "questions",
                "responsible",
                ("Call after discharge", "出院后电话随访"),
                "after-discharge",
            ),
            Step(7, "care", "call", "responsible", ("Go through the medicines", "核对用药")),
            Step(10, "desk", "visit", "nobody", ("Arrange the follow-up visit", "安排复诊")),
            Step(
                30,
                "care",
                "questions",
                "responsible",
                ("Call after a month", "一个月后回访"),
                "after-discharge",
            ),
        ),
        {"classes": ["IMP", "ACUTE", "NONAC", "SS", "OBSENC", "EMER"], "within_days": 14},
    ),
    Template(
        "hypertension",
        ("High blood pressure", "高血压管理"),
        (
            "Blood pressure at home after one week and one month, a check-up after three.",
            "一周、一月家庭血压随访，三月复查。",
        ),
        "chronic",
        (
            Step(
                7,
                "care",
                "questions",
                "team",
                ("Ask for the blood pressure at home", "询问家庭血压"),
                "blood-pressure",
            ),
            Step(
                30,
                "care",
                "questions",
                "team",
                ("Ask for the blood pressure at home", "询问家庭血压"),
                "blood-pressure",
            ),
            Step(
                90,
                "care",
                "visit",
                "responsible",
                ("Check-up: blood pressure, kidneys, lipids", "复查：血压、肾功能、血脂"),
            ),
        ),
        {"codes": ["I10", "I11", "I12", "I13", "59621000", "38341003"]},
    ),
    Template(
        "diabetes",
        ("Diabetes", "糖尿病管理"),
        (
            "Glucose and feet after two weeks, then HbA1c after three months.",
            "两周询问血糖和足部情况，三月复查糖化血红蛋白。",
        ),
        "chronic",
        (
            Step(
                14,
                "care",
                "questions",
                "team",
                ("Ask for glucose and feet", "询问血糖和足部情况"),
                "diabetes",
            ),
            Step(
                45,
                "care",
                "questions",
                "team",
                ("Ask for glucose and feet", "询问血糖和足部情况"),
                "diabetes",
            ),
            Step(
                90,
                "care",
                "visit",
                "responsible",
                ("Check-up: HbA1c, eyes, feet", "复查：糖化血红蛋白、眼底、足部"),
            ),
        ),
        {"codes": ["E10", "E11", "E13", "44054006", "46635009", "73211009"]},
    ),
    Template(
        "airways",
        ("Asthma and COPD", "哮喘与慢阻肺管理"),
        (
            "How breathing goes after two weeks, inhaler and lungs after three months.",
            "两周询问呼吸情况，三月复查吸入技术和肺功能。",
        ),
        "chronic",
        (
            Step(
                14,
                "care",
                "questions",
                "team",
                ("Ask how breathing goes", "询问呼吸情况"),
                "breathing",
            ),
            Step(
                90,
                "care",
                "visit",
                "responsible",
                ("Check-up: inhaler technique, lung function", "复查：吸入技术、肺功能"),
            ),
        ),
        {"codes": ["J44", "J45", "195967001", "13645005"]},
    ),
    Template(
        "influenza",
        ("Influenza vaccination", "流感疫苗接种"),
        (
            "A month before the yearly dose is due, from the record of vaccinations.",
            "根据接种记录，在每年接种到期前一个月提醒。",
        ),
        "vaccination",
        (
            Step(
                0,
                "care",
                "call",
                "team",
                ("Call: the influenza vaccination is due", "致电：流感疫苗接种到期"),
            ),
            Step(7, "care", "visit", "team", ("Arrange the vaccination", "安排接种")),
        ),
        {
            "codes": ["140", "141", "88", "150", "158", "161", "185", "186", "197", "205"],
            "interval_days": 365,
            "lead_days": 30,
        },
    ),
    Template(
        "birthday",
        ("Birthday check-up", "生日体检"),
        (
            "From forty on: an invitation a month before the birthday, for those who agreed to be invited.",
            "四十岁以上：生日前一个月邀请体检，仅限同意接受邀请者。",
        ),
        "birthday",
        (
            Step(
                0, "outreach", "call", "nobody", ("Invite to the yearly check-up", "邀请年度体检")
            ),
            Step(14, "desk", "visit", "nobody", ("Arrange the check-up", "安排体检")),
        ),
        {"min_age": 40, "days_before": 30},
    ),
    Template(
        "call-in-a-week",
        ("Call in a week", "一周后回访"),
        ("One call by whoever starts it.", "由发起人一周后致电。"),
        "manual",
        (Step(7, "care", "call", "starter", ("Call: how is it going?", "致电：情况如何")),),
    ),
    Template(
        "after-procedure",
        ("After a procedure", "术后随访"),
        (
            "The next day, after a week, and taking out the stitches.",
            "术后次日、一周随访，并安排拆线。",
        ),
        "manual",
        (
            Step(
                1,
                "care",
                "questions",
                "starter",
                ("Call on the next day", "次日致电"),
                "after-discharge",
            ),
            Step(
                7,
                "care",
                "questions",
                "starter",
                ("Call after a week", "一周后致电"),
                "after-discharge",
            ),
            Step(10, "desk", "visit", "nobody", ("Arrange the next visit", "安排下次就诊")),
        ),
    ),
)
