"""The notices of the demo clinic, under three laws and in two languages, in effect since the last year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from consent import sections
from consent.models import Notice, NoticeText
from consent.services import notices
from consent.services.notices import digest
from patients.informing import Told
from security import trail
from security.models import User

Words = dict[str, tuple[str, str]]
CONTACT = (
    "Custodia Demo Clinic, 12 Example Road. Data protection: privacy@clinic.example, +86 21 5555 0100.",
    "安护示范诊所，示例路 12 号。个人信息保护联系人：privacy@clinic.example，+86 21 5555 0100。",
)
PURPOSES = (
    "Care: who you are, your health, what we did. Billing: what was done and what it costs. Reminders: your "
    "appointments and how to reach you. Nothing else without your consent.",
    "诊疗：您的身份、健康状况及诊疗经过。结算：诊疗项目及费用。提醒：您的预约及联系方式。未经您同意不用于其他目的。",
)
RIGHTS = (
    "You may read, copy and take away your data, have them corrected or erased, limit or object to their "
    "use, and withdraw a consent as easily as you gave it. Ask at reception or write; we answer in time.",
    "您可以查阅、复制、转移、更正、补充、删除您的个人信息，限制或拒绝处理，"
    "并可像给予同意一样方便地撤回同意。请向前台提出或写信给我们，我们会按时答复。",
)
RETENTION = (
    "Outpatient records 15 years after the last visit, inpatient records 30 years after the last discharge, "
    "bills as long as tax law asks. Then they are erased and their keys destroyed.",
    "门诊病历自最后一次就诊起保存 15 年，住院病历自最后一次出院起保存 30 年，"
    "账单按税法规定保存；期满后删除并销毁密钥。",
)
SHARING = (
    "Your health insurance, for bills. Authorities, where a law says so. Nobody else without your separate "
    "consent.",
    "医疗保险机构（用于结算）；法律规定的主管部门。未经您单独同意不提供给其他任何人。",
)
NONE_ABROAD = ("No data leave the country.", "不向境外提供个人信息。")
COMPLAINTS = (
    "Complain to us or to the authority; nobody is treated worse for it.",
    "您可以向我们或主管部门投诉，不会因此受到不利对待。",
)
SENSITIVE = (
    "We can not care for you without knowing your health. If it became known, it could hurt your standing or "
    "your work; so it is encrypted, and every look at it is recorded.",
    "不了解您的健康状况就无法为您诊疗。健康信息一旦泄露可能影响您的名誉或工作，因此均加密保存，每次查看都有记录。",
)
TEXTS: dict[str, Words] = {
    "hipaa": {
        "header": (
            sections.HIPAA_HEADER,
            "本通知说明您的医疗信息可能如何被使用和披露，以及您如何查阅。请仔细阅读。",
        ),
        "uses": PURPOSES,
        "without": SHARING,
        "authorisation": (
            "Psychotherapy notes, marketing and any sale of data need your written authorisation, which you "
            "may revoke.",
            "心理治疗记录、营销以及任何出售数据的行为须经您书面授权，您可以撤销授权。",
        ),
        "stricter": (
            "Records of treatment for substance use (42 CFR Part 2) are kept more strictly. We do not raise "
            "funds.",
            "物质使用障碍治疗记录（42 CFR Part 2）受到更严格的保护。我们不进行筹款。",
        ),
        "rights": RIGHTS,
        "duties": (
            "We keep your data private, tell you of a breach, follow this notice, and tell you of changes.",
            "我们保护您的信息，发生泄露时告知您，遵守本通知，并在变更时告知您。",
        ),
        "complaints": COMPLAINTS,
        "contact": CONTACT,
    },
    "gdpr": {
        "controller": CONTACT,
        "purposes": PURPOSES,
        "recipients": SHARING,
        "transfers": NONE_ABROAD,
        "retention": RETENTION,
        "rights": RIGHTS,
        "complaints": COMPLAINTS,
        "obligation": (
            "You need not tell us anything; but without your name and health we can not care safely.",
            "您没有义务向我们提供信息；但不知道您的姓名和健康状况，我们无法安全地为您诊疗。",
        ),
        "automated": ("No decision is made by a machine alone.", "不存在仅由机器作出的决定。"),
        "source": (
            "From other clinics that refer you: letters and results.",
            "来自转诊您的其他医疗机构：信函与检查结果。",
        ),
    },
    "pipl": {
        "handler": CONTACT,
        "purposes": PURPOSES,
        "sensitive": SENSITIVE,
        "retention": RETENTION,
        "sharing": SHARING,
        "abroad": NONE_ABROAD,
        "rights": RIGHTS,
        "children": (
            "For a child under 14 a parent or guardian decides.",
            "不满十四周岁的未成年人由父母或其他监护人决定。",
        ),
        "changes": (
            "We post changes here and at reception before they take effect.",
            "变更生效前会在此处及前台公布。",
        ),
    },
}  # fmt: skip


def publish(*, by: User) -> list[Notice]:
    """Make the first version of each notice, in effect since the first day of the last year."""
    first = date(date.today().year - 1, 1, 1)  # noqa: DTZ011 - a day of the calendar, whatever the zone
    rows = []
    for law, words in TEXTS.items():
        row = Notice.objects.create(law=law, number=1, begun_by=by)
        for place, language in enumerate(("en", "zh-hans")):
            said = {key: both[place] for key, both in words.items()}
            NoticeText.objects.create(
                notice=row, language=language, sections=said, text_sha256=digest(said)
            )
        rows.append(row)
    for row in rows:
        row.effective_on, row.change, row.published_by = first, "First version", by
        row.published_at = row.begun_at
        row.save()
        texts = list(row.texts.all())
        trail.record("consent.notice.published", changed=[row, *texts], obj=row, by=by)
    return rows


def tell(patients: Mapping[str, UUID], *, by: User) -> None:
    """Let reception have told most patients; every seventh came in an emergency, every ninth by an import."""
    for number, patient_id in enumerate(patients.values(), 1):
        if number % 9:
            way = "shown" if number % 7 else "deferred"
            notices.tell(patient_id=patient_id, told=Told(way, "", bool(number % 2)), by=by)
