"""Lines of the timeline about feedback: that it was asked for and given, and nothing of what was said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from engagement import timeline
from engagement.models import SurveyAnswer
from engagement.timeline import Line
from security.access.permissions import Permission


def lines(patient_id: UUID, before: datetime, most: int) -> Sequence[Line]:
    """Return the newest lines about one patient before an instant; complaints are no matter of the carers."""
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


def install() -> None:
    """Add the source; called once at start-up."""
    timeline.add(
        timeline.Source("feedback", _("Feedback"), "star", Permission.APPOINTMENTS_READ, lines)
    )
