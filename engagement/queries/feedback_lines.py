"""Lines of the timeline about feedback: that it was asked for and given, and nothing of what was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from engagement import timeline
from engagement.models import Complaint, SurveyAnswer
from engagement.timeline import Line
from security.access.permissions import Permission


def lines(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
    """Return the newest lines about one patient before an instant."""
    found = [*_surveys(patient_id, before, most), *_complaints(patient_id, before, most)]
    return sorted(found, key=lambda line: line.at, reverse=True)[:most]


def _surveys(patient_id: UUID, before: datetime, most: int) -> list[Line]:
    rows = SurveyAnswer.objects.filter(patient_id=patient_id, invited_at__lt=before)
    rows = rows.select_related("survey").defer("sealed", "sealed_card")
    found = []
    for row in rows.order_by("-invited_at", "-pk")[:most]:
        words = (
            gettext("Asked after a visit")
            if row.answered_at is None
            else gettext("Answered a survey")
        )
        found.append(Line(row.answered_at or row.invited_at, row.pk, words, row.survey.label))
    return [line for line in found if line.at < before]


def _complaints(patient_id: UUID, before: datetime, most: int) -> list[Line]:
    rows = Complaint.objects.filter(patient_id=patient_id, received_at__lt=before).defer("sealed")
    return [
        Line(
            row.received_at, row.pk, str(row.get_kind_display()),
            f"{row.number} · {row.get_theme_display()}", tone="warn" if row.closed_at is None else "neutral",
        )
        for row in rows.order_by("-received_at", "-pk")[:most]
    ]  # fmt: skip


def install() -> None:
    """Add the source; called once at start-up."""
    timeline.add(
        timeline.Source("feedback", _("Feedback"), "star", Permission.APPOINTMENTS_READ, lines)
    )
