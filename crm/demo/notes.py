"""Notes of the demo clinic: signed ones, one that waits for its signature, one added to, one protected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from crm.demo.people import Person
from crm.demo.roster import PEOPLE
from crm.demo.staff import DOCTORS
from patients.services import notes
from security.models import User


@dataclass(frozen=True)
class Story:
    """What a note says, in English and in Chinese, section by section."""

    template: str
    title: tuple[str, str]
    sections: tuple[tuple[str, str, str], ...]
    fate: str = "signed"
    addendum: tuple[str, str] = ("", "")


STORIES = (
    Story("soap", ("Review of long-term medication", "长期用药复查"), (
        (
            "subjective",
            "Feels well, takes the tablets most days, no dizziness.",
            "自觉良好，基本按时服药，无头晕。",
        ),
        (
            "objective",
            "Sitting blood pressure 138/84 mmHg, pulse 72, ankles without oedema.",
            "坐位血压 138/84 mmHg，脉搏 72 次/分，踝部无水肿。",
        ),
        (
            "assessment",
            "Stable under the present treatment.",
            "目前治疗下病情稳定。",
        ),
        (
            "plan",
            "Go on as before. Laboratory and review in three months.",
            "维持原方案，三个月后复查化验。",
        ),
    )),
    Story("phone", ("Question about a new tablet", "新药咨询"), (
        (
            "caller",
            "The patient",
            "患者本人",
        ),
        (
            "concern",
            "Asks whether the new tablet may be taken in the evening.",
            "询问新药能否改为晚上服用。",
        ),
        (
            "advice",
            "May be taken in the evening with food. Come in for rash, swelling or short breath.",
            "可以晚上随餐服用。若出现皮疹、肿胀或气促，请及时就诊。",
        ),
        (
            "agreed",
            "Calls again on Friday.",
            "周五再来电。",
        ),
    ), addendum=("Called on Friday: no complaints.", "周五来电：无不适。")),
    Story("visit", ("Sore throat for three days", "咽痛三天"), (
        (
            "complaint",
            "Sore throat and tiredness.",
            "咽痛、乏力。",
        ),
        (
            "history",
            "Began three days ago, no fever, drinks well.",
            "三天前起病，无发热，饮水正常。",
        ),
        (
            "findings",
            "Throat red without coating, no swollen nodes, chest clear.",
            "咽部充血，无渗出，淋巴结不大，肺部听诊清晰。",
        ),
        (
            "assessment",
            "Viral infection.",
            "病毒性感染。",
        ),
        (
            "plan",
            "Rest and fluids; come back if it lasts more than a week.",
            "休息、多饮水，超过一周未愈请复诊。",
        ),
    ), fate="open"),
    Story("free", ("Talk about the family", "家庭情况谈话"), (
        (
            "text",
            "The patient told of strain at home and asked that it be kept among the doctors.",
            "患者谈及家庭压力，希望仅限医生知晓。",
        ),
    ), fate="protected"),
)  # fmt: skip
# Every so many patients have a note of each kind in turn.
STEP = 3


def write(patients: dict[str, UUID], people: dict[str, User]) -> None:
    """Write a note for every few patients, by the doctor who is responsible."""
    for number, (person, author) in enumerate(_chosen(patients, people)):
        story = STORIES[number % len(STORIES)]
        is_han = person.han is not None
        row = notes.write(
            patient_id=patients[person.key],
            template=story.template,
            title=story.title[is_han],
            sections={key: (english, chinese)[is_han] for key, english, chinese in story.sections},
            occurred_at=timezone.now() - timedelta(days=2 + 5 * number, hours=3),
            is_restricted=story.fate == "protected",
            by=author,
        )
        if story.fate != "open":
            notes.sign(note_id=row.pk, version=row.version, by=author)
        if story.addendum[is_han]:
            notes.amend(note_id=row.pk, text=story.addendum[is_han], by=author)


def _chosen(patients: dict[str, UUID], people: dict[str, User]) -> Iterator[tuple[Person, User]]:
    for person in [one for one in PEOPLE if one.key in patients][::STEP]:
        account = DOCTORS[person.doctor].account
        if account and person.grown and not person.died_days_ago:
            yield person, people[account]
