"""People who asked the demo clinic and are not patients yet, at every step of the board."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from consent import periods
from engagement.models import Lead
from engagement.queries import shown_notices
from security import trail
from security.models import User

# State, source, days ago, name, phone, e-mail, what was asked, who referred, why not.
LEADS = (
    ("new", "form", 0, "Amelia Hart", "+8613900010001", "", "Vaccinations on Saturdays?", "", ""),
    ("new", "form", 1, "周晓雯", "+8613900010002", "", "请问周末有儿科门诊吗？可以网上预约吗？", "", ""),
    ("new", "phone", 2, "何志远", "+8613900010003", "", "想咨询慢病管理的费用。", "", ""),
    ("new", "referral", 2, "Noah Becker", "", "noah.becker@example.org", "Fracture follow-up.",
     "Dr. Lin, Riverside Hospital", ""),
    ("contacted", "form", 5, "孙雅琴", "+8613900010005", "", "父亲高血压，想随访。", "", ""),
    ("contacted", "patient", 6, "Olivia Tran", "+8613900010006", "", "Travel check-up.", "A friend", ""),
    ("contacted", "event", 9, "蒋伟", "+8613900010007", "", "社区讲座后想做体检。", "", ""),
    ("appointment", "referral", 8, "梁静怡", "+8613900010008", "", "转诊：心电图复查。", "阳光社区中心", ""),
    ("appointment", "walk_in", 11, "Ethan Wolfe", "+8613900010009", "", "Shoulder, physiotherapy.", "", ""),
    ("lost", "form", 30, "Grace Kim", "", "grace.kim@example.org", "Dental implants?", "", "not_offered"),
    ("lost", "phone", 41, "罗明", "+8613900010011", "", "咨询住院手术。", "", "elsewhere"),
)  # fmt: skip


def take_in(people: Mapping[str, User]) -> None:
    """Put people on every column of the board; the two lost ones are deleted soon."""
    agreed, now, today = shown_notices.now().agreed, timezone.now(), timezone.localdate()
    rows = []
    for number, one in enumerate(LEADS):
        state, source, days, name, phone, email, message, referrer, why = one
        at = now - timedelta(days=days, hours=number % 5)
        is_chinese = not name.isascii()
        row = Lead(
            state=state, source=source, created_at=at, moved_at=at, consented_at=at, name=name,
            phone=phone, email=email, message=message, referrer=referrer, lost_why=why,
            language="zh-hans" if is_chinese else "en", notice_language="zh-hans" if is_chinese else "en",
            notices=list(agreed.notices), notice_digests=list(agreed.digests),
            owner=None if state == "new" else people[("engagement1", "receptionist1")[number % 2]],
            delete_on=today + timedelta(days=90 - 2 * days) if why else periods.later(at.date(), 24),
        )  # fmt: skip
        row.save()
        rows.append(row)
    trail.record(
        "engagement.lead.received", subjects=[row.pk for row in rows], changed=rows,
        counts={"leads": len(rows)},
    )  # fmt: skip
