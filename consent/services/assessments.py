"""Impact assessments: begun, written, and signed off by somebody who did not write on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import questions
from consent.models import ImpactAssessment, ImpactRisk, ProcessingPurpose
from consent.queries import assessments as queries
from security import trail
from security.access.gate import Refused
from security.models import User

RISK = ("risk", "measures", "likelihood", "severity", "likelihood_after", "severity_after")


class Conflict(Exception):
    """Somebody else wrote on the assessment meanwhile; `row` is what is stored now."""

    def __init__(self, row: ImpactAssessment) -> None:
        super().__init__(str(row.pk))
        self.row = row


class UnderWay(Refused):
    """A draft of the assessment of this purpose is there already."""


class Signed(Refused):
    """What was signed off is not written on any more."""


class Incomplete(Refused):
    """Something that an assessment must say is missing."""


class OwnWork(Refused):
    """Nobody signs off what they wrote on."""


class WrongDay(Refused):
    """The day of the review is past, or too far away."""


@transaction.atomic
def begin(*, purpose_id: UUID, by: User) -> ImpactAssessment:
    """Begin the next version of a purpose's assessment, with what the one before said."""
    purpose = ProcessingPurpose.objects.select_for_update(of=("self",)).get(pk=purpose_id)
    last = purpose.assessments.order_by("-number").first()
    if last is not None and last.signed_at is None:
        raise UnderWay(_("A draft is there already. Go on with that one."))
    row = ImpactAssessment(
        purpose=purpose,
        number=last.number + 1 if last else 1,
        triggers=last.triggers if last else [],
        answers=last.answers if last else {},
        written_by=by,
        authors=[by.pk],
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise UnderWay(_("A draft is there already. Go on with that one.")) from error
    copied = queries.risks_of(last) if last else []
    said = [{name: getattr(one, name) for name in RISK} for one in copied]
    risks = _write_risks(row, said)
    trail.record(
        "consent.assessment.begun", by=by, changed=[row, *risks], obj=row, fields=[purpose.key]
    )
    return row


@transaction.atomic
def write(
    *,
    assessment_id: UUID,
    version: int,
    content: Mapping[str, Any],
    risks: Sequence[Mapping[str, Any]],
    by: User,
) -> ImpactAssessment:
    """Write a draft; raise Conflict unless it is still the version that was read."""
    row = _draft(assessment_id)
    if row.version != version:
        raise Conflict(row)
    _check_day(content["review_on"])
    for name in ("triggers", "answers", "conclusion", "review_on"):
        setattr(row, name, content[name])
    row.authors = sorted({*row.authors, by.pk}, key=str)
    row.version, row.changed_at = row.version + 1, timezone.now()
    row.save()
    gone = queries.risks_of(row)
    ImpactRisk.objects.filter(pk__in=[one.pk for one in gone]).delete()
    kept = _write_risks(row, risks)
    trail.record(
        "consent.assessment.written",
        by=by,
        changed=[row, *kept],
        deleted=gone,
        obj=row,
        counts={"risks": len(kept)},
    )
    return row


def _check_day(day: date | None) -> None:
    if day is None:
        return
    today = timezone.localdate()
    if day <= today:
        raise WrongDay(_("The day of the review is past. Choose one after today."))
    if day > today + timedelta(days=questions.LONGEST_REVIEW_DAYS):
        raise WrongDay(_("A review is at most three years away."))


def _write_risks(row: ImpactAssessment, said: Sequence[Mapping[str, Any]]) -> list[ImpactRisk]:
    return ImpactRisk.objects.bulk_create(
        ImpactRisk(assessment=row, place=place, **{name: one[name] for name in RISK})
        for place, one in enumerate(said[: questions.MOST_RISKS], start=1)
    )


@transaction.atomic
def sign(*, assessment_id: UUID, version: int, by: User) -> ImpactAssessment:
    """Sign an assessment off as a second person; the version before is superseded by it."""
    row = _draft(assessment_id)
    if row.version != version:
        raise Conflict(row)
    if queries.is_author(row, by.pk):
        raise OwnWork(_("You wrote on this assessment. A second person signs it off."))
    wrong = queries.missing(row, queries.risks_of(row))
    if wrong:
        raise Incomplete(wrong[0])
    now = timezone.now()
    before = list(
        ImpactAssessment.objects.select_for_update(of=("self",)).filter(
            purpose_id=row.purpose_id, signed_at__isnull=False, superseded_at__isnull=True
        )
    )
    for one in before:
        one.superseded_at = now
        one.save(update_fields=["superseded_at"])
    row.signed_at, row.signed_by = now, by
    row.keep_until = years_after(timezone.localdate(), questions.KEPT_YEARS)
    row.version += 1
    row.save()
    trail.record("consent.assessment.signed", by=by, changed=[row, *before], obj=row)
    return row


def years_after(day: date, years: int) -> date:
    """Return the same day so many years later; the 29th of February becomes the 1st of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _draft(assessment_id: UUID) -> ImpactAssessment:
    rows = ImpactAssessment.objects.select_for_update(of=("self",))
    row = rows.get(pk=assessment_id)
    if row.signed_at is not None:
        raise Signed(_("It was signed off and never changes. Begin a new version instead."))
    return row


@transaction.atomic
def give_out(*, row: ImpactAssessment, language: str, size: int, by: User) -> None:
    """Record that an assessment leaves as a file, before its first byte does."""
    trail.record(
        "consent.assessment.downloaded",
        obj=row,
        fields=[f"language:{language}"],
        counts={"bytes": size},
        by=by,
    )
