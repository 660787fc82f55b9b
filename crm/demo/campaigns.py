"""Campaigns of the demo: groups of people, one on its way, one that waits, one that is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from engagement import library
from engagement.models import Campaign, ContactRule, Segment
from engagement.services import campaigns, contact_rules, segments, sendings
from security import trail
from security.models import User

GROUPS: tuple[tuple[str, Mapping[str, Any], str], ...] = (
    ("Everybody 全体", {"all": []}, ""),
    (
        "Grown-ups not here for half a year 半年未就诊的成年人",
        {
            "all": [
                {"facet": "age", "from": 18},
                {"facet": "visited", "not_within": 180},
            ]
        },
        "",
    ),
    (
        "Chinese-speaking, 60 and older 60岁以上中文使用者",
        {"all": [{"facet": "language", "in": ["zh"]}, {"facet": "age", "from": 60}]},
        "",
    ),
    (
        "Asthma 哮喘",
        {"all": [{"facet": "condition", "starts": ["asthma", "哮喘", "J45"]}]},
        "education",
    ),
)
CHECK_UP = {
    "en": {
        "title": "Check-ups in spring",
        "text": "{{ clinic }} has free hours for check-ups in March. Call us, or look at {{ portal }}.",
    },
    "zh-hans": {
        "title": "春季健康体检",
        "text": "{{ clinic }}三月有体检空档，欢迎来电或访问 {{ portal }} 预约。",
    },
}
CALLED_BACK = {
    "en": {
        "title": "We have not seen you for a while",
        "text": "{{ clinic }} would like to see you again. Call us, or look at {{ portal }}.",
    },
    "zh-hans": {
        "title": "期待您再来",
        "text": "{{ clinic }}期待您的复诊，欢迎来电或访问 {{ portal }} 预约。",
    },
}


def write(people: Mapping[str, User]) -> None:
    """Let the coordinators write and an officer agree; what was agreed to is on its way."""
    author, officer = people["engagement1"], people["compliance_officer1"]
    with trail.acting_for(actor=author, purpose="HMARKT"):
        groups = [
            segments.add(name=name, tree=tree, authorisation=purpose, by=author)
            for name, tree, purpose in GROUPS
        ]
        everybody, away, older, _asthma = groups
        spring = _draft(author, "Check-ups in spring 春季体检", "marketing", everybody, CHECK_UP)
        _draft(author, "Come back 复诊提醒", "recall", away, CALLED_BACK)
        tip = library.PAGES["tip-codes"]
        waits = _draft(author, "Codes 验证码", "tips", older, tip.content())
        for row in (spring, waits):
            campaigns.submit(campaign_id=row.pk, by=author)
    with trail.acting_for(actor=officer, purpose="HCOMPL"):
        row = Campaign.objects.select_related("segment").get(pk=spring.pk)
        campaigns.approve(campaign_id=row.pk, sha256=campaigns.digest(row), by=officer)
        limits = {name: getattr(ContactRule(), name) for name in contact_rules.FIELDS}
        limits["tip_segment"] = everybody
        contact_rules.set_limits(version=1, content=limits, by=officer)
    with trail.acting_for(system="engagement.campaigns", purpose="HOPERAT"):
        sendings.begin(spring.pk)
        sendings.send_batch(spring.pk)


def _draft(
    author: User, name: str, lane: str, segment: Segment, content: Mapping[str, Any]
) -> Campaign:
    said = {
        "name": name, "lane": lane, "channel": "email", "segment": segment, "content": content,
        "per_minute": 60, "send_at": timezone.now() - timedelta(minutes=1),
    }  # fmt: skip
    return campaigns.add(content=said, by=author)
