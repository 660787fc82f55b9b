"""Follow-up at the demo clinic: plans that run, tasks of today and late ones, calls that were noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from engagement.models import Area, Interaction, PlanTemplate, Task
from engagement.queries.executors import Executor
from engagement.services import contacts, plans, tasks, templates
from engagement.services.contacts import Next, Said
from engagement.services.plans import Began
from engagement.services.tasks import What
from patients.models import CareRelationship, Patient
from security import trail
from security.classification import Category
from security.models import User

Kind, Outcome, Duty = Interaction.Kind, Interaction.Outcome, Task.Duty
# Rules that run by themselves at the demo clinic.
AUTOMATIC = ("after-discharge", "birthday", "hypertension", "new-patient")
# Template, how many days ago it began.
PLANS = (
    ("hypertension", 31),
    ("diabetes", 46),
    ("after-discharge", 3),
    ("call-in-a-week", 7),
    ("airways", 15),
    ("after-procedure", 1),
)
CALLS = (
    (Outcome.REACHED, "Feels well, takes the new tablets. 感觉良好，按时服用新药。", "", 0),
    (Outcome.NOT_REACHED, "Nobody answered. 无人接听。", "Call again 再次致电", 0),
    (
        Outcome.CALL_BACK,
        "Asks to be called after work. 希望下班后回电。",
        "Call back after six 晚六点后回电",
        1,
    ),
    (
        Outcome.REACHED,
        "Wants the laboratory results explained. 希望解释化验结果。",
        "Explain the results 讲解化验结果",
        2,
    ),
)
GIVEN = (
    (Duty.RECORD, "Add the drug allergies 补充药物过敏史", -2),
    (Duty.CALL, "Ask about the side effects 询问副作用", 0),
    (Duty.OTHER, "Send the referral letter 寄出转诊信", 1),
)
AT_DESK = (
    (Duty.VISIT, "Arrange the control visit 安排复诊", 0),
    (Duty.ASSIGN, "Assign a responsible doctor 分配责任医生", -1),
    (Duty.OTHER, "Ask for the new insurance card 索取新医保卡", 3),
)
WEEKS_PAST = 9
PAST = ("Call after the visit", "就诊后回访")
INVITED = (
    "Invite to the yearly check-up 邀请年度体检",
    "Invite to the walking group 邀请参加健步活动",
)


def plan(people: Mapping[str, User]) -> None:
    """Let carers, the desk and the coordinator have their day."""
    templates.ship()
    found = {one.key: one for one in PlanTemplate.objects.all()}
    for key in AUTOMATIC:
        found[key].is_automatic = True
        found[key].save(update_fields=["is_automatic"])
    rows = [found[key] for key in AUTOMATIC]
    trail.record("engagement.template.changed", changed=rows)
    for handle in ("physician1", "physician2", "nurse1"):
        _care(people[handle], found)
    _past(people["physician1"], people["nurse1"])
    _desk(people["receptionist1"])
    _reach_out(people["engagement1"])


def _care(user: User, found: Mapping[str, PlanTemplate]) -> None:
    with trail.acting_for(actor=user, purpose="TREAT"):
        ids = _patients_of(user)
        if user.handle == "physician1" or len(ids) > 3:
            _plans(ids, found, user)
        for patient_id, (duty, title, days) in zip(ids[2:], GIVEN, strict=False):
            _task(patient_id, Area.CARE, duty, title, days, user, user)
        _calls(ids, user)


def _patients_of(user: User) -> list[UUID]:
    """Return some patients of somebody, always the same ones."""
    mine = CareRelationship.objects.in_force().filter(user=user).values("patient_id")
    known = Patient.objects.visible_to(user, Category.CLINICAL).filter(pk__in=mine)
    return list(known.order_by("pk").values_list("pk", flat=True)[:8])


def _plans(ids: Sequence[UUID], found: Mapping[str, PlanTemplate], user: User) -> None:
    today = timezone.localdate()
    for patient_id, (key, days) in zip(ids, PLANS, strict=False):
        began = Began(today - timedelta(days=days))
        try:
            row = plans.start(patient_id=patient_id, template=found[key], began=began, by=user)
        except (plans.AlreadyStarted, plans.NotNow):
            continue
        _work_on(row.pk, user)


def _work_on(plan_id: UUID, user: User) -> None:
    """Do what was due long ago."""
    before = timezone.now() - timedelta(days=2)
    for row in Task.objects.open().filter(plan_id=plan_id, due_at__lt=before):
        answers = {"taken": "yes", "remark": "Feels better 好转"} if row.questions else None
        tasks.done(
            task_id=row.pk, version=row.version, result="Reached 已联系", answers=answers, by=user
        )


def _task(
    patient_id: UUID, area: str, duty: str, title: str, days: int, to: User | None, by: User
) -> None:
    day = timezone.localdate() + timedelta(days=days)
    what = What(title=title, due_at=tasks.due_at(day), area=area, duty=duty)
    executor = Executor(user_id=to.pk) if to else Executor()
    tasks.create(patient_id=patient_id, what=what, executor=executor, by=by)


def _calls(ids: Sequence[UUID], user: User) -> None:
    now, me = timezone.now(), Executor(user_id=user.pk)
    for number, (patient_id, said) in enumerate(zip(ids, CALLS, strict=False)):
        outcome, summary, step, days = said
        at = now - timedelta(days=number, hours=2 + number)
        then = Next(step, timezone.localdate() + timedelta(days=days), me) if step else None
        contacts.note(
            patient_id=patient_id, then=then, by=user,
            said=Said(Area.CARE, Kind.CALL_OUT, outcome, summary, at),
        )  # fmt: skip


def _past(doctor: User, nurse: User) -> None:
    """Write what was done in the last weeks, most of it in time; without notices, for it is over."""
    with trail.acting_for(actor=doctor, purpose="TREAT"):
        ids = _patients_of(doctor)
        now, rows = timezone.now(), []
        for number in range(WEEKS_PAST * 3 if ids else 0):
            due = now - timedelta(days=3 + number * 2)
            late = timedelta(days=2 if number % 5 == 4 else 0, hours=-1)
            rows.append(
                Task(
                    patient_id=ids[number % len(ids)], area=Area.CARE, duty=Duty.CALL, due_at=due,
                    state=Task.State.CANCELLED if number % 9 == 8 else Task.State.DONE,
                    done_at=due + late, created_at=due - timedelta(days=7), title=PAST[0],
                    title_zh=PAST[1], assignee=doctor, created_by=doctor,
                    done_by=nurse if number % 3 else doctor,
                )
            )  # fmt: skip
        Task.objects.bulk_create(rows)
        subjects = {row.patient_id for row in rows}
        trail.record("crm.demo.tasks_written", subjects=subjects, changed=rows)


def _desk(user: User) -> None:
    with trail.acting_for(actor=user, purpose="PATADMIN"):
        known = Patient.objects.visible_to(user, Category.APPOINTMENTS).order_by("pk")
        ids = list(known.values_list("pk", flat=True)[: len(AT_DESK)])
        for number, (patient_id, said) in enumerate(zip(ids, AT_DESK, strict=False)):
            _task(patient_id, Area.DESK, *said, user if number % 2 == 0 else None, user)


def _reach_out(user: User) -> None:
    with trail.acting_for(actor=user, purpose="HMARKT"):
        known = Patient.objects.visible_to(user, Category.CAMPAIGNS).order_by("pk")
        ids = list(known.values_list("pk", flat=True)[: 2 * len(INVITED)])
        for number, patient_id in enumerate(ids):
            title = INVITED[number % len(INVITED)]
            _task(patient_id, Area.OUTREACH, Duty.CALL, title, number - 1, user, user)
