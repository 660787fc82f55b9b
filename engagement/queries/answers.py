"""What patients answered after their visits, as whoever keeps in touch reads it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from engagement.models import Survey, SurveyAnswer
from engagement.queries.complaints import names_of
from patients.models import StaffLink
from security.models import User
from security.pages import Place, descending
from security.sealing import SealBroken, SealedQuerySet

PAGE = 25
DETRACTOR, PROMOTER = 6, 9
Shown = dict[str, Any]


def visible(user: User) -> SealedQuerySet[SurveyAnswer]:
    """Return the answers that somebody may read: never those of the own record or close family's."""
    own = StaffLink.objects.in_force().filter(user_id=user.pk).values("patient_id")
    rows: SealedQuerySet[SurveyAnswer] = SurveyAnswer.objects.answered().exclude(patient_id__in=own)
    return rows


def page(user: User, *, unread: bool, after: str = "") -> Shown:
    """Return one page of answers, the newest first."""
    rows = visible(user).select_related("survey")
    rows = rows.filter(seen_at=None) if unread else rows
    found = list(descending(rows, "answered_at", Place.read(after))[: PAGE + 1])
    shown, last = found[:PAGE], found[PAGE - 1] if len(found) > PAGE else None
    names = names_of(user, shown)
    return {
        "rows": [_line(row, names) for row in shown],
        "next": Place(last.answered_at, last.pk).text() if last else "",
    }


def _line(row: SurveyAnswer, names: Any) -> Shown:
    name, url = names.get(row.patient_id, ("", ""))
    shown: Shown = {
        "id": row.pk,
        "version": row.version,
        "survey": row.survey.label,
        "answered_at": row.answered_at,
        "is_new": row.seen_at is None,
        "name": name,
        "patient_url": url,
        "is_broken": False,
    }
    try:
        recommend = row.recommend
        return shown | {
            "recommend": recommend,
            "recommend_tone": tone(recommend),
            "satisfaction": row.satisfaction,
            "comment": row.comment or "",
        }
    except SealBroken:
        return shown | {"recommend": None, "satisfaction": None, "comment": "", "is_broken": True}


def tone(recommend: int | None) -> str:
    """Return how good a mark from 0 to 10 is."""
    if recommend is None:
        return "neutral"
    if recommend >= PROMOTER:
        return "good"
    return "danger" if recommend <= DETRACTOR else "warn"


def unread(user: User) -> int:
    """Return how many answers nobody has read yet."""
    return visible(user).filter(seen_at=None).count()


def surveys() -> list[Survey]:
    """Return every survey, those in use first."""
    return list(Survey.objects.select_related("service").order_by("-is_active", "created_at", "pk"))


def find_survey(survey_id: UUID) -> Survey:
    """Return a survey; raise Survey.DoesNotExist."""
    return Survey.objects.select_related("service").get(pk=survey_id)
