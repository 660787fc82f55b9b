"""Questions of follow-up as they come with the product, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its key, how it is answered, what it says; which answer somebody must look at."""

    key: str
    kind: str
    label: Words
    choices: tuple[tuple[str, str, str], ...] = ()
    # What the answer is, or above or below which number it lies.
    alarm: Mapping[str, Any] = field(default_factory=dict)


YES = {"is": "yes"}
WELL = (("better", "Better", "好转"), ("same", "The same", "无变化"), ("worse", "Worse", "加重"))
REMARK = Question("remark", "text", ("What else was said", "其他情况"))
TAKEN = Question(
    "taken", "yes_no", ("Takes the medicines as prescribed", "按医嘱服药"), (), {"is": "no"}
)

QUESTIONNAIRES: Mapping[str, tuple[Words, tuple[Question, ...]]] = {
    "after-discharge": (
        ("After a stay in hospital", "出院后回访"),
        (
            Question(
                "course", "choice", ("How the patient feels", "总体感觉"), WELL, {"is": "worse"}
            ),
            Question("pain", "number", ("Pain from 0 to 10", "疼痛评分（0–10）"), (), {"above": 6}),
            Question("fever", "yes_no", ("Fever since then", "出院后发热"), (), YES),
            Question(
                "wound",
                "yes_no",
                ("Redness, swelling or discharge of a wound", "伤口红肿或渗液"),
                (),
                YES,
            ),
            TAKEN,
            REMARK,
        ),
    ),
    "blood-pressure": (
        ("Blood pressure at home", "家庭血压随访"),
        (
            Question(
                "systolic", "number", ("Systolic, mmHg", "收缩压（mmHg）"), (), {"above": 159}
            ),
            Question(
                "diastolic", "number", ("Diastolic, mmHg", "舒张压（mmHg）"), (), {"above": 99}
            ),
            Question(
                "symptoms",
                "yes_no",
                ("Headache, dizziness or chest pain", "头痛、头晕或胸痛"),
                (),
                YES,
            ),
            TAKEN,
            REMARK,
        ),
    ),
    "diabetes": (
        ("Living with diabetes", "糖尿病随访"),
        (
            Question(
                "glucose",
                "number",
                ("Fasting glucose, mmol/L", "空腹血糖（mmol/L）"),
                (),
                {"above": 13, "below": 4},
            ),
            Question("low", "yes_no", ("Low glucose in the last month", "近一个月低血糖"), (), YES),
            Question(
                "feet", "yes_no", ("Sores or numbness of the feet", "足部破溃或麻木"), (), YES
            ),
            TAKEN,
            REMARK,
        ),
    ),
    "breathing": (
        ("Breathing", "呼吸随访"),
        (
            Question(
                "nights",
                "number",
                ("Nights woken by cough or breathlessness, last week", "近一周夜间憋醒或咳醒次数"),
                (),
                {"above": 2},
            ),
            Question(
                "reliever",
                "number",
                ("Days the reliever was used, last week", "近一周使用急救药天数"),
                (),
                {"above": 3},
            ),
            TAKEN,
            REMARK,
        ),
    ),
}
