"""What patients of the demo allowed and asked for: to be written to, or that their insurance is not told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from consent.models import Consent, ConsentEvent, ProcessingPurpose, ProcessingRestriction, State
from consent.services import recipients, restrictions
from security import trail
from security.access.purposes import Purpose
from security.classification import Category
from security.models import ClinicProfile, User

Law = ClinicProfile.Law
PAYS_ALONE = (
    "Paid for the test alone and wants the insurance not to be told 自费检查，不愿告知保险公司"
)
OUTSIDE = (
    recipients.Described(
        key="ankang-insurance", name="Ankang Health Insurance", name_zh="安康健康保险",
        kind="health_plan", contact="claims@ankang.example, 88 Century Avenue, Shanghai", country="CN",
    ),
    recipients.Described(
        key="renji-cardiology", name="Renji Hospital, Cardiology", name_zh="仁济医院心内科",
        kind="provider", contact="160 Pujian Road, Shanghai", country="CN",
    ),
    recipients.Described(
        key="heart-registry", name="European Heart Registry", name_zh="欧洲心脏登记库",
        kind="researcher", contact="data@heart-registry.example", country="DE", is_abroad=True,
    ),
)  # fmt: skip


def say(patients: Mapping[str, UUID], people: Mapping[str, User]) -> None:
    """Let most patients agree to be written to, one object, one pay alone; name some outside."""
    purpose = _marketing()
    ids = list(patients.values())
    if not Consent.objects.filter(purpose=purpose).exists():
        _allow(purpose, [one for place, one in enumerate(ids) if place % 4 != 3])
    officer, desk = people["compliance_officer1"], people["receptionist1"]
    for described in OUTSIDE:
        recipients.register(described=described, by=officer)
    restrictions.restrict(
        patient_id=ids[-1],
        kind=ProcessingRestriction.Kind.SELF_PAY,
        reason=PAYS_ALONE,
        by=desk,
    )


def _marketing() -> ProcessingPurpose:
    """Return the purpose that those who keep in touch work for; the register ships it."""
    found, is_new = ProcessingPurpose.objects.get_or_create(
        key="marketing",
        defaults={
            "state": ProcessingPurpose.State.ACTIVE,
            "name": "Invitations and news",
            "name_zh": "邀请与资讯",
            "grounds": {Law.HIPAA: "authorisation", Law.GDPR: "consent", Law.PIPL: "consent"},
            "uses": [Purpose.HMARKT],
            "categories": [Category.DEMOGRAPHICS],
            "channels": ["email", "sms", "wechat", "phone", "post"],
            "is_per_channel": True,
        },
    )
    if is_new:
        trail.record("crm.demo.purpose_written", changed=[found], obj=found)
    return found


def _allow(purpose: ProcessingPurpose, patients: list[UUID]) -> None:
    since = timezone.now() - timedelta(days=90)
    rows = Consent.objects.bulk_create(
        Consent(patient_id=one, purpose=purpose, channel="email", state=State.GRANTED, since=since)
        for one in patients
    )
    events = ConsentEvent.objects.bulk_create(
        ConsentEvent(
            consent=row, patient_id=row.patient_id, kind=State.GRANTED, given_at=since,
            method=ConsentEvent.Method.TICK, capacity=ConsentEvent.Capacity.SELF, language="zh-hans",
        )
        for row in rows
    )  # fmt: skip
    trail.record(
        "crm.demo.consents_written",
        subjects=patients,
        changed=[*rows, *events],
        counts={"consents": len(rows)},
    )
