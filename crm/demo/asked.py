"""What patients of the demo asked about their data: requests at every step of the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from consent.models import RightsRequest
from consent.services import requests
from consent.services.requests import Answer, Asked
from patients.services import disclosures
from security import trail
from security.models import User

# Kind, how it came in, how many days ago, in which words.
ASKED = (
    ("access", "letter", 24, "Please send me a copy of my whole record. 请寄给我完整的病历副本。"),
    ("rectification", "staff", 12, "My phone number and one allergy are wrong. 我的电话和一项过敏记录有误。"),
    ("erasure", "email", 20, "Please erase what you have of me. 请删除我的全部信息。"),
    ("objection", "phone", 0, "No more newsletters, please. 请不要再给我发送健康资讯。"),
    ("accounting", "staff", 40, "To whom did you give my data? 你们把我的数据给了谁？"),
    ("access", "staff", 3, "A copy of the last laboratory results. 请给我最近的化验结果副本。"),
    ("explanation", "staff", 1, "Who may read my record, and why? 谁可以看我的病历，为什么？"),
)  # fmt: skip
EXTENSION = "The films lie in another archive. 影像资料存放于另一档案室。"
GIVEN = "The list is enclosed. 披露清单随函附上。"


def ask(people: Mapping[str, User], patients: Sequence[UUID]) -> None:
    """Let patients ask: one request waits, one is extended, one is answered, one was asked before."""
    desk, officer = people["receptionist1"], people["compliance_officer1"]
    found = []
    with trail.acting_for(actor=desk, purpose="PATADMIN"):
        for number, (kind, way, days, words) in enumerate(ASKED):
            asked = Asked(kind, way, words, timezone.now() - timedelta(days=days))
            # The last but one asks what the first asked.
            subject = patients[0 if number in (0, 5) else number % len(patients)]
            found.append(requests.receive(asked=asked, subject_id=subject, by=desk))
    with trail.acting_for(actor=officer, purpose="HCOMPL"):
        work(found, officer)


def work(found: Sequence[RightsRequest], officer: User) -> None:
    """Take some of the requests further, as an officer would."""
    for row in (found[0], found[4]):
        requests.assign(request_id=row.pk, version=row.version, to=officer, by=officer)
        row.refresh_from_db()
        requests.prove_identity(
            request_id=row.pk,
            version=row.version,
            how="document",
            shown="身份证 ID card",
            by=officer,
        )
        row.refresh_from_db()
    first, last = found[0], found[4]
    requests.extend(request_id=first.pk, version=first.version, reason=EXTENSION, by=officer)
    disclosures.account(patient_id=last.subject_id, count=0, by=officer)
    answer = Answer(RightsRequest.State.GRANTED, GIVEN)
    requests.close(request_id=last.pk, version=last.version, answer=answer, by=officer)
    asked = found[1]
    requests.ask_identity(request_id=asked.pk, version=asked.version, by=officer)
