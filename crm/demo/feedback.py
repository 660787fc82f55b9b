"""What patients of the demo answered, complained of and praised in the last three months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from crm.demo.dice import Dice
from engagement.models import Complaint, Survey, SurveyAnswer
from engagement.services import complaints, concerns, surveys
from patients.services import series
from security import trail
from security.models import User

DAYS, ANSWERS, CASES = 95, 90, 54
SURVEY = {
    "title": "How did we do?",
    "title_zh": "您对本次就诊满意吗？",
    "intro": "Thank you for your visit. Three short questions help us to get better.",
    "intro_zh": "感谢您的光临。请用一分钟回答三个问题，帮助我们改进服务。",
}
COMMENTS = (
    "Friendly staff, short wait. Thank you!",
    "医生很耐心，讲解得很清楚。",
    "The waiting room was very full.",
    "挂号排队时间有点长，希望能分时段。",
    "I would like the results by message.",
    "护士态度很好，环境干净。",
    "", "", "", "",
)  # fmt: skip
# What is said, by theme; the first ones come most often.
SAID = (
    ("waiting", "Waited more than an hour although I had an appointment.", "预约九点，等了一个多小时。"),
    ("conduct", "The person on the phone was short with me.", "电话里的工作人员语气不好。"),
    ("waiting", "Nobody told us that the doctor was late.", "医生迟到了，没有人告诉我们。"),
    ("information", "I did not understand how to take the medicine.", "没有讲清楚药怎么吃。"),
    ("billing", "The bill came twice.", "账单重复寄了两次。"),
    ("premises", "The rest room on the second floor was not clean.", "二楼卫生间不干净。"),
    ("treatment", "The dressing came loose on the way home.", "换药后回家路上敷料就松了。"),
)  # fmt: skip
PRAISE = ("The nurse took great care of my mother.", "护士对我母亲照顾得非常周到，特此感谢。")
FINDING = "Looked into with the team. 已与科室核实并讨论。"
ANSWER = (
    "Thank you for telling us. You are right, and we are sorry; we have changed how we call patients.",
    "感谢您的反馈。您反映的情况属实，我们深表歉意，并已调整叫号流程。",
)
WORRY = (
    "At the desk my diagnosis was said aloud, everybody in the queue could hear it. "
    "前台大声说出我的诊断，排队的人都能听见。"
)


def gather(people: Mapping[str, User], patients: Sequence[UUID]) -> None:
    """Let patients answer, complain and praise, and colleagues answer most of it."""
    coordinator = people["engagement1"]
    survey = surveys.create(fields=SURVEY, by=coordinator)
    rows: list[SurveyAnswer | Complaint] = [*_answers(survey, patients)]
    trail.record(
        "engagement.survey.answered", changed=rows, subjects=patients, counts={"answers": len(rows)}
    )
    cases = _cases(people, patients)
    trail.record(
        "engagement.complaint.noted", changed=cases, subjects=patients, counts={"cases": len(cases)}
    )
    said = concerns.Said(way="desk", words=WORRY, patient_id=patients[3])
    concerns.report(said=said, by=people["receptionist1"])


def _answers(survey: Survey, patients: Sequence[UUID]) -> list[SurveyAnswer]:
    dice, now, rows = Dice("answers"), timezone.now(), []
    for number in range(ANSWERS):
        at = now - timedelta(days=DAYS * (number + 0.5) / ANSWERS)
        row = SurveyAnswer(
            survey=survey, patient_id=patients[number % len(patients)], channel="email",
            invited_at=at - timedelta(hours=5), expires_at=at + timedelta(days=21), answered_at=at,
            seen_at=None if number < 6 else at, language="en" if number % 2 else "zh-hans",
            recommend=dice.pick((10, 9, 9, 10, 8, 8, 7, 10, 9, 5, 3)),
            satisfaction=dice.pick((5, 5, 4, 4, 5, 3, 4, 2)), comment=COMMENTS[number % len(COMMENTS)],
        )  # fmt: skip
        rows.append(row)
    SurveyAnswer.objects.bulk_create(rows)
    return rows


def _cases(people: Mapping[str, User], patients: Sequence[UUID]) -> list[Complaint]:
    dice, now, rows = Dice("complaints"), timezone.now(), []
    for number in reversed(range(CASES)):
        at = now - timedelta(days=0.2 + (DAYS - 1) * number / CASES)
        rows.append(_case(number, at, dice, people, patients))
    Complaint.objects.bulk_create(rows)
    return rows


def _case(
    number: int, at: datetime, dice: Dice, people: Mapping[str, User], patients: Sequence[UUID]
) -> Complaint:
    theme, *words = SAID[dice.pick((0, 0, 1, 1, 2, 2, 3, 4, 5, 6))]
    is_praise = number % 9 == 4
    spoken = number % 2
    way = dice.pick(("desk", "phone", "survey", "email"))
    row = Complaint(
        number=f"C-{at.year}-{series.take(key='engagement.complaint'):04d}",
        way=way, received_at=at, noted_at=at,
        noted_by=None if way == "survey" else people["receptionist1"],
        patient_id=patients[(number * 7) % len(patients)],
        kind="praise" if is_praise else "complaint", theme="conduct" if is_praise else theme,
        due_on=complaints.due_on(at, settings.COMPLAINT_DAYS),
        words=(PRAISE if is_praise else words)[spoken],
    )  # fmt: skip
    if number >= 2:
        row.owner = people[("engagement1", "engagement2")[number % 2]]
    if number >= 5:
        ended_at = min(at + timedelta(days=2 + number % 6), timezone.now())
        row.closed_at, row.closed_by = ended_at, row.owner
        row.outcome = (
            "noted" if is_praise else dice.pick(("upheld", "partly", "upheld", "not_upheld"))
        )
        row.finding, row.answer, row.answer_way = FINDING, ANSWER[spoken], "told"
    return row
