"""What the officers of the demo keep: assessments, a purpose that is a draft, a recipient abroad."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from consent import questions
from consent.models import OverseasRecipient, ProcessingPurpose
from consent.services import assessments, meter, overseas, purposes
from security import trail
from security.models import User

VIDEO: Mapping[str, Any] = {
    "name": "Video visits",
    "name_zh": "视频问诊",
    "description": "Talk to patients by video and write the note as after any visit.",
    "description_zh": "通过视频与患者交流，并像其他就诊一样书写病历。",
    "grounds": {"hipaa": "treatment", "gdpr": "care", "pipl": "contract"},
    "uses": ["TREAT"],
    "categories": ["demographics", "appointments", "clinical"],
    "level": 4,
    "people": ["patients", "children"],
    "channels": [],
    "recipients": [
        {
            "name": "Host of the video service",
            "name_zh": "视频服务提供商",
            "contact": "dpo@video.example",
            "role": "processor",
        }
    ],
    "retention": "record",
    "retention_months": None,
    "is_cross_border": False,
    "needs_separate_consent": False,
    "is_per_channel": False,
}
ANSWERS = {
    "description": "Records are read and written by those who treat. 仅由参与诊疗的人员读写病历。",
    "legality": "Needed for treatment under each law. 各法律下均为诊疗所必需。",
    "necessity": "Only what the visit needs is opened. 仅打开就诊所需的内容。",
    "impact": "A leak would hurt people gravely. 一旦泄露将对个人造成严重影响。",
    "rights": "Patients see who read their record. 患者可查看谁读过其病历。",
    "safeguards": "Encryption, roles, a signed trail. 加密、角色权限和带签名的操作记录。",
    "consulted": "The officer and two patients were asked. 已征询专员和两位患者的意见。",
}
RISK = {
    "risk": "A colleague reads a record out of curiosity. 同事出于好奇查阅病历。",
    "measures": "Care relationships, readings told to the patient. 须有诊疗关系，读取记录对患者可见。",
    "likelihood": 4,
    "severity": 4,
    "likelihood_after": 2,
    "severity_after": 4,
}
LABORATORY = {
    "name": "Rhine Reference Laboratory",
    "name_zh": "莱茵参考实验室",
    "contact": "privacy@rhine-lab.example",
    "country": "DE",
    "categories": ["demographics", "clinical"],
    "mechanism": "contract",
    "reference": "SC-2026-0142",
    "needs_separate_consent": True,
}


def keep(people: Mapping[str, User]) -> None:
    """Let two officers fill the registers, and measure once."""
    author, signer = people["compliance_officer1"], people["compliance_officer2"]
    rows = {row.key: row for row in ProcessingPurpose.objects.all()}
    with trail.acting_for(actor=author, purpose="HCOMPL"):
        drafts = [_write(rows[key], author) for key in ("care", "abroad")]
        video = purposes.add(
            key="video",
            content=VIDEO,
            reason="A new service from spring on 春季起的新服务",
            by=author,
        )
        assessments.begin(purpose_id=video.pk, by=author)
        _recipient(rows["abroad"], author)
    with trail.acting_for(actor=signer, purpose="HCOMPL"):
        for draft in drafts:
            assessments.sign(assessment_id=draft.pk, version=draft.version, by=signer)
    with trail.acting_for(system="consent.meter", purpose="HCOMPL"):
        meter.work(meter.begin())


def _write(purpose: ProcessingPurpose, author: User) -> Any:
    row = assessments.begin(purpose_id=purpose.pk, by=author)
    content = {
        "triggers": ["sensitive"],
        "answers": {key: ANSWERS[key] for key in questions.QUESTIONS},
        "conclusion": "measures",
        "review_on": timezone.localdate() + timedelta(days=25),
    }
    return assessments.write(
        assessment_id=row.pk, version=row.version, content=content, risks=[RISK], by=author
    )


def _recipient(purpose: ProcessingPurpose, by: User) -> OverseasRecipient:
    today = timezone.localdate()
    content = {
        **LABORATORY,
        "purpose": purpose,
        "mechanism_on": today - timedelta(days=300),
        "expires_on": today + timedelta(days=40),
    }
    return overseas.add(key="rhine-lab", content=content, by=by)
