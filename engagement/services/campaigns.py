"""Writing campaigns and agreeing to them: what leaves is what a second person read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from engagement import criteria, wording
from engagement.lanes import LANES
from engagement.models import Campaign, Segment
from engagement.services import segments
from security import trail
from security.access.gate import Refused
from security.models import User

State = Campaign.State
FIELDS = ("name", "lane", "channel", "segment", "content", "per_minute", "send_at")
# What may still be written on; written on, it is a draft again.
OPEN = frozenset({State.DRAFT, State.SUBMITTED, State.APPROVED})


class NotOpen(Refused):
    """The campaign is in no state in which this can be done."""


class Outdated(Refused):
    """It is not what was read: somebody wrote on it meanwhile."""


class OwnWork(Refused):
    """Nobody agrees to what they wrote."""


class NotFit(Refused):
    """Something about the text or the segment has to be mended first."""


@transaction.atomic
def add(*, content: Mapping[str, Any], edition: str | None = None, by: User | None) -> Campaign:
    """Begin a campaign as a draft."""
    row = Campaign(edition=edition)
    _write(row, content, by)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise NotOpen(_("There is a campaign for this already.")) from error
    trail.record("engagement.campaign.added", by=by, changed=[row], obj=row)
    return row


@transaction.atomic
def change(*, campaign_id: UUID, version: int, content: Mapping[str, Any], by: User) -> Campaign:
    """Write on a campaign; whatever was agreed to before is void."""
    row = locked(campaign_id)
    if row.state not in OPEN:
        raise NotOpen(_("What has left or is leaving is not written on any more."))
    if row.version != version:
        raise Outdated(_("Somebody changed this meanwhile. Look at it and save again."))
    was_agreed = row.state == State.APPROVED
    changed = [name for name in FIELDS if getattr(row, name) != content[name]]
    _write(row, content, by)
    row.version += 1
    row.save()
    trail.record(
        "engagement.campaign.changed", by=by, changed=[row], obj=row,
        fields=[*changed, *(["approval:void"] if was_agreed else [])],
    )  # fmt: skip
    return row


def _write(row: Campaign, content: Mapping[str, Any], by: User | None) -> None:
    for name in FIELDS:
        setattr(row, name, content[name])
    row.state, row.refusal = State.DRAFT, ""
    row.approved_by, row.approved_at, row.approved_sha256 = None, None, ""
    row.changed_at, row.changed_by = timezone.now(), by
    if by is not None:
        row.authors = sorted({*row.authors, by.pk}, key=str)


@transaction.atomic
def copy(*, campaign_id: UUID, by: User) -> Campaign:
    """Begin another campaign with the same words; nobody agreed to it, and nobody is on its list."""
    row = Campaign.objects.select_related("segment").get(pk=campaign_id)
    content = {name: getattr(row, name) for name in FIELDS}
    content["name"] = (gettext("Copy of %(name)s") % {"name": row.name})[:120]
    content["send_at"] = timezone.now()
    return add(content=content, by=by)


@transaction.atomic
def submit(*, campaign_id: UUID, by: User | None) -> Campaign:
    """Lay a draft before a second person; with something to mend it is refused."""
    row = locked(campaign_id)
    if row.state != State.DRAFT:
        raise NotOpen(_("This campaign is no draft."))
    _require_fit(row)
    row.state, row.refusal = State.SUBMITTED, ""
    return _saved("engagement.campaign.submitted", row, by=by)


@transaction.atomic
def approve(*, campaign_id: UUID, sha256: str, by: User) -> Campaign:
    """Agree to a campaign as it is read; from its hour on it is sent. Never by who wrote on it."""
    row = locked(campaign_id)
    if row.state != State.SUBMITTED:
        raise NotOpen(_("This campaign does not wait for an approval."))
    if by.pk in row.authors or by.pk in row.segment.authors:
        raise OwnWork(_("You wrote on this campaign or its segment. Somebody else has to agree."))
    if sha256 != digest(row):
        raise Outdated(_("Somebody changed this meanwhile. Read it again before you agree."))
    _require_fit(row)
    row.state, row.approved_by, row.approved_at = State.APPROVED, by, timezone.now()
    row.approved_sha256 = sha256
    return _saved("engagement.campaign.approved", row, by=by, fields=[f"sha256:{sha256}"])


@transaction.atomic
def refuse(*, campaign_id: UUID, reason: str, by: User) -> Campaign:
    """Give a campaign back to its authors and say why."""
    row = locked(campaign_id)
    if row.state != State.SUBMITTED:
        raise NotOpen(_("This campaign does not wait for an approval."))
    row.state, row.refusal = State.DRAFT, reason
    return _saved("engagement.campaign.refused", row, by=by)


def _require_fit(row: Campaign) -> None:
    segments.require_usable(row.segment)
    if row.channel not in settings.DELIVERY_CHANNELS:
        raise NotFit(_("This way of sending is not set up here."))
    if any(one.stops for one in findings(row)):
        raise NotFit(_("Mend what the check of the text found first."))


def findings(row: Campaign) -> list[wording.Finding]:
    """Return what there is to say about the text of a campaign."""
    asked = wording.Asked(row.channel, row.segment.is_clinical, settings.BASE_URL)
    return wording.findings(row.content, asked)


def digest(row: Campaign) -> str:
    """Return the digest of what somebody agrees to: words, people, way, pace and hour."""
    return criteria.digest(
        "campaign", row.lane, LANES[row.lane].purpose, row.channel, segments.digest(row.segment),
        str(row.segment_id), row.content, row.per_minute, _hour(row.send_at),
    )  # fmt: skip


def _hour(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def is_agreed(row: Campaign) -> bool:
    """Tell whether a campaign still is what a second person agreed to."""
    return (
        bool(row.approved_by_id)
        and row.approved_sha256 == digest(row)
        and segments.holds(row.segment)
    )


def locked(campaign_id: UUID) -> Campaign:
    """Return a campaign, locked, with its segment."""
    rows = Campaign.objects.select_for_update(of=("self",)).select_related("segment")
    return rows.get(pk=campaign_id)


def _saved(action: str, row: Campaign, *, by: User | None, fields: Any = ()) -> Campaign:
    row.version += 1
    row.save()
    trail.record(action, by=by, changed=[row], obj=row, fields=list(fields))
    return row


def usable_segments() -> list[Segment]:
    """Return the segments that a campaign may have."""
    return [one for one in Segment.objects.in_use().order_by("name") if segments.holds(one)]
