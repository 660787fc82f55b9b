"""What colleagues of the demo ask of each other: a request, two referrals, and an emergency that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from patients.models import Patient, Referral
from patients.queries.chart import Chart
from patients.services import access_requests, emergencies, referrals
from security import context, trail
from security.models import User

REQUEST = "Covers the chronic care clinic on Thursday 周四代替慢病门诊，需了解病情"
QUESTION = "Please advise on the medicines before the visit. 请在复诊前对用药提出建议。"
SECOND = "Is an examination of the heart needed? 是否需要做心脏检查？"
EMERGENCY = (
    "Dizzy and confused in the waiting room, drug list needed 候诊区头晕意识不清，急需用药清单"
)


def ask(people: Mapping[str, User], patients: Sequence[UUID]) -> None:
    """Let the colleagues ask about patients of the first doctor, who alone is responsible for them."""
    doctor, colleague, nurse = (people[key] for key in ("physician1", "physician2", "nurse2"))
    first, second = patients[0], patients[1 % len(patients)]
    with trail.acting_for(actor=nurse, purpose="TREAT") as here:
        access_requests.ask(patient_id=first, reason=REQUEST, days=14, by=nurse)
        here.session_bond = "over"
        emergencies.break_glass(
            patient_id=second,
            code="urgent",
            reason=EMERGENCY,
            lasts=timedelta(minutes=30),
            by=nurse,
        )
        emergencies.end(patient_id=second, by=nurse)
    with trail.acting_for(actor=doctor, purpose="TREAT"):
        refer(first, QUESTION, doctor, colleague)
        if second != first:
            refer(second, SECOND, doctor, colleague)


def refer(patient_id: UUID, question: str, doctor: User, colleague: User) -> Referral:
    """Refer a patient from one doctor to the other, with the least that the question needs."""
    chart = Chart(Patient.objects.get(pk=patient_id), doctor, is_fresh=True)
    context.current().forget_decisions()
    return referrals.refer(
        chart=chart,
        colleague=colleague,
        question=question,
        sections=["problems", "medications"],
        days=referrals.USUAL_DAYS,
        by=doctor,
    )
